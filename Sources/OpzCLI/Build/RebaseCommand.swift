import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct RebaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebase", abstract: "Puts a version on another base, as a new version. Nothing is built.",
    discussion: """
      The layers of the model, code and configuration are reused; only the base's layers, and the image settings that \
      come from it, change. Packages have to fit the new base's Python, C library and CUDA, as they do for opz package.

      opz rebase scorer@1.0.0 --base registry.example/python:3.12.8
      opz rebase churn@1.0.0 --base opz-runtime
      """)

  @Argument(help: "NAME@VERSION.", completion: RegistryNames.references) var reference: String
  @Option(help: ArgumentHelp("HOST/REPO:TAG, oci:DIR, scratch, or opz-runtime for a native version.", valueName: "new"))
  var base: String
  @Flag(help: "An object: name, version, digest, existed, base.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: Digest
    let existed: Bool
    let base: String?
  }

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    let result = try await RebaseVersion(version, onto: base, in: session).run(registry)
    let record = result.version.record
    if json {
      return try Console.json(
        Output(
          name: record.name, version: record.version, digest: record.image.digest, existed: result.existed,
          base: record.runtime.base))
    }
    options.note(
      result.existed ? "\(record.reference) already has this base" : "recorded \(record.reference) on \(base)")
    Console.line("\(record.reference)  \(record.image.digest)")
  }
}
