/// A command that a wheel asks installers to create: a function to call (PyPA, entry points: use for scripts).
public struct EntryPoint: Hashable, Sendable {
  /// The groups that installers make commands from, named as in entry_points.txt.
  public enum Group: String, Sendable, CaseIterable {
    case console = "console_scripts"
    case gui = "gui_scripts"
  }

  public let group: Group
  /// The command's name, which becomes a file name.
  public let name: String
  /// `pkg.cli`.
  public let module: String
  /// `main`, `Command.run`.
  public let function: String

  /// The script that calls the function and exits with its return value through `sys.exit`.
  func script(interpreter: String) -> [UInt8] {
    let imported = function.prefix { $0 != "." }
    return Array(
      """
      #!\(interpreter)
      from \(module) import \(imported)

      if __name__ == "__main__":
          raise SystemExit(\(function)())

      """.utf8)
  }
}
