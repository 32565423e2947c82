/// A command that a wheel wants to have: a function that is to be called (PyPA, entry points: use for scripts).
public struct EntryPoint: Hashable, Sendable {
  /// The groups that installers make commands from, named as in entry_points.txt.
  public enum Group: String, Sendable, CaseIterable {
    case console = "console_scripts"
    case gui = "gui_scripts"
  }

  public let group: Group
  /// The command's name, which is a file's name.
  public let name: String
  /// `pkg.cli`.
  public let module: String
  /// `main`, `Command.run`.
  public let function: String

  /// The program that calls the function. Its value is the exit status, as `sys.exit` takes it.
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
