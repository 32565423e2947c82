import ArgumentParser
import OpzFlow
import OpzIO

/// Says which command was meant, where ArgumentParser only says that an argument is unexpected.
enum MisspelledCommand {
  /// Commands by the names that similar tools have for them.
  private static let others: [String: String] = [
    "build": "package", "create": "init", "new": "init", "ls": "list", "models": "list", "versions": "list",
    "describe": "show", "info": "show", "log": "history", "rm": "delete", "remove": "delete", "prune": "gc",
    "predict": "score", "run": "serve", "start": "serve", "check": "doctor", "cp": "copy", "upload": "push",
    "download": "pull", "fetch": "pull", "apply": "deploy", "freeze": "lock", "validate": "lint", "register": "package",
  ]

  /// Checks the words that name commands.
  /// - Throws: `FlowError` of category `usage` for one that no command has.
  static func check(_ arguments: [String], in root: CommandConfiguration) throws {
    if let first = arguments.first, first.hasPrefix("-") { return try check(option: first, arguments) }
    var rest = arguments[...]
    if rest.first == "help" { rest.removeFirst() }
    var configuration = root
    var path = ["opz"]
    while let word = rest.popFirst(), !word.hasPrefix("-") {
      let known = configurations(configuration)
      guard !known.isEmpty else { return }
      guard let next = known.first(where: { $0.commandName == word }) else {
        if word == "help" || isArgument(word, of: configuration, known: known) { return }
        throw unknown(word, path, known: known.compactMap(\.commandName))
      }
      configuration = next
      path.append(word)
    }
  }

  private static func configurations(_ parent: CommandConfiguration) -> [CommandConfiguration] {
    parent.subcommands.map { type in type.configuration }
  }

  /// Whether a word may be the argument of a command's subcommand by default: a path or a version is, and a word that is
  /// like no subcommand.
  private static func isArgument(
    _ word: String, of command: CommandConfiguration, known: [CommandConfiguration]
  ) -> Bool {
    guard command.defaultSubcommand != nil else { return false }
    return word.contains { "@/.:".contains($0) } || NearestName.find(word, in: known.compactMap(\.commandName)) == nil
  }

  private static func unknown(_ word: String, _ path: [String], known: [String]) -> FlowError {
    let names = path.joined(separator: " ")
    let meant = NearestName.find(word, in: known) ?? (path.count == 1 ? others[word.lowercased()] : nil)
    let list = path.count == 1 ? "\(names) --help lists the commands" : "it has \(known.joined(separator: ", "))"
    return FlowError(
      .usage, "\(names) \(word.prefix(100))", reason: "there is no such command",
      hint: meant.map { "did you mean \(names) \($0)?" } ?? list)
  }

  /// Options belong to commands: `opz --registry DIR list` has one before it.
  private static func check(option: String, _ arguments: [String]) throws {
    let name = option.split(separator: "=").first.map(String.init) ?? option
    guard ["--registry", "--quiet", "-q", "--json", "--version"].contains(name), arguments.count > 1 else { return }
    if name == "--version" { throw FlowError(.usage, name, reason: "it stands alone", hint: "opz --version") }
    throw FlowError(
      .usage, name, reason: "options come after the command",
      hint: name == "--registry" ? "opz list --registry DIR" : "opz list \(name)")
  }
}
