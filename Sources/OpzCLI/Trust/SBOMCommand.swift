import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTrust

struct SBOMCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sbom", abstract: "Writes a version's bill of materials.",
    discussion: """
      CycloneDX 1.6 in JSON: the model with its card (inputs, outputs, metrics, data), the base, the wheels and the \
      files, with their digests. It is derived from the version's record and always the same.

      opz sbom churn@1.2.0 > churn.cdx.json
      opz sbom churn@1.2.0 --attach
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS.", completion: RegistryNames.references) var reference: String
  @Flag(help: "Attach it to the image instead of printing it.") var attach = false
  @OptionGroup var keys: KeyOptions
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard attach || keys.key == nil else { throw ValidationError("--key requires --attach") }
  }

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let version = try registry.current(registry.find(LocalReference(parsing: reference)))
    let bytes = try await ModelBOM(
      version.record, files: registry.files(of: version.record),
      family: version.record.model.flatMap { session.formats.named($0.format)?.family }
    ).encode()
    guard attach else { return Console.document(String(decoding: PrintableText.json(bytes), as: UTF8.self)) }
    let attached = try await AttestVersion(version, in: session).run(
      .billOfMaterials, bytes, with: try keys.privateKey(session), subject: version.record.reference, registry: registry
    )
    options.note("attached the bill of materials to \(version.record.reference)")
    Console.line("\(attached.digest)")
  }
}
