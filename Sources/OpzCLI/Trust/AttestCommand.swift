import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTrust

struct AttestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attest", abstract: "Attaches a statement about a version's image.",
    discussion: """
      With --key, it is a signed in-toto statement in cosign 3's bundle format. A scanner's SARIF (--type scan) and \
      CycloneDX (--type sbom) can be attached unsigned. TYPE is slsaprovenance, vuln, eval-result, sbom, scan or a \
      URI.

      opz attest churn@1.2.0 --type scan trivy.sarif
      opz attest churn@1.2.0 --type slsaprovenance --predicate provenance.json --key release.key
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS.", completion: RegistryNames.references) var reference: String
  @Argument(help: "The document, in JSON.") var file: String?
  @Option(help: ArgumentHelp("The document, under cosign's name for the option.", valueName: "file")) var predicate:
    String?
  @Option(help: "The type of the document.") var type: String
  @OptionGroup var keys: KeyOptions
  @Flag(help: "An object: name, version, digest, type, attached.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let type: String
    let attached: String
  }

  func validate() throws {
    guard (file == nil) != (predicate == nil) else { throw ValidationError("name one document: --predicate FILE") }
  }

  func run() async throws {
    let session = options.session()
    let type = try PredicateType(parsing: type)
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    let path = session.path(predicate ?? file ?? "")
    let key = try keys.privateKey(session)
    let attached = try await AttestVersion(version, in: session).run(
      type, SmallFile.read(path, limit: Evidence.limit), with: key, subject: path.string, registry: registry)
    if json {
      return try Console.json(
        Output(
          name: version.record.name, version: version.record.version, digest: version.record.image.digest.description,
          type: type.uri, attached: attached.digest.description))
    }
    options.note("attached \(type) to \(version.record.reference)" + (key == nil ? ", not signed" : ""))
    Console.line("\(attached.digest)")
  }
}
