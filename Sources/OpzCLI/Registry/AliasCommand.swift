import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct AliasCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alias", abstract: "Sets, removes or lists the aliases of a model.",
    discussion: """
      An alias names one version and can be moved; versions never change. --expect makes it compare-and-swap: the \
      alias moves only if it names that version now (none: if it is not set), otherwise exit code 3. If the registry's \
      policy.yaml has gates for the alias, they apply to this command as they do to opz promote: exit code 5. --force \
      --reason TEXT overrides them.

      opz alias churn
      opz alias churn champion 1.2.0 --expect 1.1.0
      opz alias churn champion --remove
      opz alias churn production 1.1.9 --force --reason "1.2.0 answers with NaN, ticket 4711"
      """)

  @Argument(help: "The model's name.", completion: RegistryNames.models) var name: String
  @Argument(help: "The alias; without it, all are listed.", completion: RegistryNames.aliases) var alias: String?
  @Argument(help: "The version that it should name.", completion: RegistryNames.versions) var version: String?
  @Option(help: ArgumentHelp("What it must name now: a version, or none.", valueName: "version")) var expect: String?
  @Flag(help: "Remove the alias.") var remove = false
  @Flag(help: "An object: name, alias, from, version; without ALIAS an array of alias, version, at, actor.") var json =
    false
  @OptionGroup var override: ForceOptions
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let alias: String
    let from: String?
    let version: String?
  }

  struct Row: Encodable {
    let alias: String
    let version: String?
    let at: String
    let actor: String
  }

  func validate() throws {
    guard alias != nil || (version == nil && !remove && expect == nil && !override.force) else {
      throw ValidationError("name the alias")
    }
    if alias != nil, remove == (version != nil) {
      throw ValidationError("name the version that the alias should name, or use --remove")
    }
  }

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let model = try ModelName(name)
    guard let alias else { return try list(registry, model) }
    let target = try AliasName(parsing: alias)
    let change: Registry.AliasChange
    if let version {
      let found = try registry.find(LocalReference(parsing: "\(model)@\(version)"))
      var move = MoveAlias(found, to: target, .plain, in: session)
      move.expected = try Expectation.read(expect)
      move.force = try override.read()
      let result = try await move.run(registry)
      GateText.note(result, options)
      change = result.change
    } else {
      var take = RemoveAlias(model, target, in: session)
      take.expected = try Expectation.read(expect)
      take.force = try override.read()
      change = try take.run(registry)
    }
    if json {
      return try Console.json(
        Output(
          name: model.description, alias: target.description, from: change.from?.description,
          version: change.to?.description))
    }
    Console.line(AliasText.line(model, change))
  }

  private func list(_ registry: Registry, _ model: ModelName) throws {
    _ = try registry.find(LocalReference(model, .newest))
    let state = try registry.state(model)
    let rows = state.moves.keys.sorted().flatMap { alias in
      state.tips(alias).filter { $0.version != nil || state.isConflicted(alias) }.map {
        Row(alias: alias.description, version: $0.version?.description, at: $0.at, actor: $0.actor)
      }
    }
    if json { return try Console.json(rows) }
    guard !rows.isEmpty else { return options.note("no aliases yet; opz alias \(model) production VERSION sets one") }
    var table = TextTable(["ALIAS", "VERSION", "SINCE", "BY"])
    for row in rows { table.add([row.alias, row.version ?? "-", String(row.at.prefix(19)) + "Z", row.actor]) }
    Console.data(table.text)
  }
}

/// Parses the value of `--expect`.
enum Expectation {
  static func read(_ text: String?) throws -> Registry.Expectation {
    guard let text else { return .anything }
    if text == "none" { return .nothing }
    guard let version = SemanticVersion(text) else {
      throw ValidationError("--expect \(text): a version, or none")
    }
    return .version(version)
  }
}

/// Formats the move of an alias for people.
enum AliasText {
  static func line(_ name: ModelName, _ change: Registry.AliasChange) -> String {
    let to = change.to?.description ?? "nothing"
    guard change.isChange else { return "\(name)@\(change.alias) already names \(to)" }
    return "\(name)@\(change.alias): \(change.from?.description ?? "nothing") -> \(to)"
  }
}
