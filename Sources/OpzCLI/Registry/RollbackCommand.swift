import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Restores what an alias named before, or the manifests of the previous deploy.",
    discussion: """
      For an alias, every blob of the version is verified first, and the version must pass the gates of policy.yaml \
      that are about the version itself (signature, sbom, scan, metrics, tests, clean; exit code 5 if one fails); \
      otherwise the alias does not move. For a deploy, the manifests are restored byte for byte: those of the last \
      successful deploy if the last one failed, otherwise those of the one before. Running it again goes back one \
      further.

      opz rollback churn --alias production
      opz rollback churn --deploy --apply
      opz rollback churn --deploy | kubectl apply --server-side -f -
      """)

  @Argument(help: "The model's name.", completion: RegistryNames.models) var name: String
  @Option(help: "The alias.") var alias: String?
  @Flag(help: "Restore the manifests of the previous deploy, on standard output.") var deploy = false
  @Option(
    help:
      "Where it was deployed: a namespace, or - for none, followed by /batch for --batch; by default the last place.")
  var place: String?
  @Flag(help: "Apply the manifests with kubectl (server-side).") var apply = false
  @Flag(
    help: "With --apply: delete what later deploys left in this cluster and namespace and is not in these manifests.")
  var prune = false
  @Option(
    help: ArgumentHelp("With --apply: how long to wait for pods, as with opz deploy --timeout.", valueName: "seconds"))
  var timeout: Int?
  @OptionGroup var override: ForceOptions
  @Flag(help: "An object: name, alias or place, from, version; applied, cluster, objects and deleted of a deploy.")
  var json = false
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard (alias != nil) != deploy else { throw ValidationError("give --alias NAME, or --deploy") }
    if deploy, override.force { throw ValidationError("--force requires --alias") }
    if prune, !apply { throw ValidationError("--prune requires --apply") }
    if timeout != nil, !apply { throw ValidationError("--timeout requires --apply") }
    if let timeout, !(1...86_400).contains(timeout) { throw ValidationError("--timeout is from 1 to 86400 seconds") }
    if !deploy, apply || place != nil { throw ValidationError("--apply and --place require --deploy") }
  }

  struct Output: Encodable {
    let name: String
    let place: String
    let from: String
    let version: String
    let applied: Bool
    let cluster: String?
    let objects: [String]
    let deleted: [String]
  }

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let model = try ModelName(name)
    guard let alias else { return try await manifests(model, registry, session: session) }
    var back = RollBackAlias(model, try AliasName(parsing: alias), in: session)
    back.force = try override.read()
    let result = try await back.run(registry)
    GateText.note(result, options)
    let change = result.change
    if json {
      return try Console.json(
        AliasCommand.Output(
          name: model.description, alias: change.alias.description, from: change.from?.description,
          version: change.to?.description))
    }
    Console.line(AliasText.line(model, change))
  }

  private func manifests(_ model: ModelName, _ registry: Registry, session: Session) async throws {
    let rollback = RollBackDeploy(model, in: session)
    let found = try await rollback.find(registry, place: place, applies: apply)
    var done = ApplyDeploy.Result(place: found.restored.place)
    if apply {
      done = try await rollback.apply(found, registry, prunes: prune, seconds: timeout) { [options] in options.note($0)
      }
    } else {
      try await rollback.record(found, registry)
      for document in found.gone { options.note("not in these manifests, and not deleted: \(document.name)") }
    }
    options.note(
      "\(model) in \(done.place): back from \(found.last.version) to \(found.restored.version), as it was at \(found.restored.at)"
    )
    if json {
      return try Console.json(
        Output(
          name: model.description, place: done.place.text, from: found.last.version.description,
          version: found.restored.version.description, applied: apply, cluster: done.place.cluster,
          objects: done.applied, deleted: done.deleted))
    }
    if !apply { Console.document(found.stream) }
  }
}
