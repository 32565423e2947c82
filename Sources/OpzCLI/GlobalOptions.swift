import ArgumentParser
import OpzFlow
import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Options of every command.
struct GlobalOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The registry's directory; default: OPZ_REGISTRY, or else $XDG_DATA_HOME/opz/registry or ~/.local/share/opz/registry.",
      valueName: "dir"))
  var registry: String?

  @Flag(name: .shortAndLong, help: "No progress and no remarks; errors only.")
  var quiet = false

  /// Creates the session that the command runs in.
  func session() -> Session {
    Session(
      environment: UserAccount.completing(GlobalOptions.environment()), directory: GlobalOptions.directory(),
      registry: registry,
      progress: quiet ? NoProgress() : ConsoleProgress(terminal: Console.errorsAreTerminal),
      tool: "opz \(Opz.version)")
  }

  /// Prints a remark for the user on standard error, unless `--quiet` is given.
  func note(_ text: String) {
    if !quiet { Console.note(text) }
  }

  private static func directory() -> FilePath {
    guard let pointer = getcwd(nil, 0) else { return "." }
    defer { free(pointer) }
    return FilePath(platformString: pointer)
  }

  private static func environment() -> [String: String] {
    var result: [String: String] = [:]
    var pointer = environ
    while let entry = pointer.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "="), equals != text.startIndex {
        result[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      pointer += 1
    }
    return result
  }
}
