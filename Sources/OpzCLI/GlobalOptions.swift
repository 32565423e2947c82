import ArgumentParser
import OpzFlow
import OpzIO
import OpzJSON
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

  @Option(
    name: .long,
    help: ArgumentHelp(
      "If the command fails, write what reproducing it takes, without secrets, to a JSON file.", valueName: "file"),
    completion: .file())
  var report: String?

  /// Creates the session that the command runs in.
  func session() -> Session {
    Session(
      environment: UserAccount.completing(GlobalOptions.environment()), directory: GlobalOptions.directory(),
      registry: registry,
      progress: quiet ? NoProgress() : ConsoleProgress(terminal: Console.errorsAreTerminal),
      tool: "opz \(Opz.version)")
  }

  /// A session that reports nothing, for completions.
  static func quietSession(registry: String?) -> Session {
    Session(
      environment: UserAccount.completing(environment()), directory: directory(), registry: registry,
      tool: "opz \(Opz.version)")
  }

  /// Prints a remark for the user on standard error, unless `--quiet` is given.
  func note(_ text: String) {
    if !quiet { Console.note(text) }
  }

  /// Writes the file of `--report`, which was given in the arguments of a command that failed.
  static func writeReport(_ error: any Error, exit code: Int32, _ arguments: [String]) {
    guard code != 0, let path = reportPath(arguments) else { return }
    let session = Session(
      environment: UserAccount.completing(environment()), directory: directory(), tool: "opz \(Opz.version)")
    do {
      let report = FailureReport(error, exit: code, arguments: arguments, notes: Console.notes, in: session)
      try OutputFile.write(try CanonicalJSON.encodePretty(report), to: session.output(path))
      Console.note("what reproducing this takes is in \(path)")
    } catch {
      Console.note("error: --report: \(error)")
    }
  }

  private static func reportPath(_ arguments: [String]) -> String? {
    let own = arguments.prefix { $0 != "--" }
    for (word, next) in zip(own, own.dropFirst() + [""]) {
      if word.hasPrefix("--report=") { return String(word.dropFirst("--report=".count)) }
      if word == "--report", !next.isEmpty { return next }
    }
    return nil
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
