import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTrust
import SystemPackage

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verifies a version, or a model's files, with public keys, offline.",
    discussion: """
      Each key must have signed the image, or with --type an attestation of that type. Exit code 4 if one has not.

      For a directory or a file, each key must have signed the files in --signature (OpenSSF model signing v1.0, as \
      PyPI's model-signing writes it), and exactly these files must exist, unchanged. A path begins with ./ or / or \
      exists.

      opz verify churn@1.2.0 --key release.pub
      opz verify churn@production --key release.pub --type slsaprovenance
      opz verify ./model --key release.pub --signature model/model.sig
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS; or a directory or file.", completion: RegistryNames.referencesOrFiles)
  var reference: String
  @Option(name: .customLong("key"), help: ArgumentHelp("A public key in PEM; may be repeated.", valueName: "file"))
  var keys: [String]
  @Option(
    help: "What must be signed: signature (the default), slsaprovenance, vuln, eval-result, sbom, scan or a URI.")
  var type: String?
  @Option(help: ArgumentHelp("For files: the signature; model.sig if missing.", valueName: "file"), completion: .file())
  var signature: String?
  @Flag(help: "An object: name, version, digest, record, attachments; for files: path, digest, files, ignored, keys.")
  var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    /// The keys that signed the record.
    let record: [String]
    let attachments: [VerifyVersion.Line]
  }

  struct FilesOutput: Encodable {
    let path: String
    let digest: String
    let files: Int
    /// Paths that the signature does not cover.
    let ignored: [String]
    let keys: [String]
  }

  func validate() throws {
    guard !keys.isEmpty else { throw ValidationError("missing --key FILE") }
  }

  func run() async throws {
    let session = options.session()
    let isFiles = try Operand.isModelFiles(reference, session)
    let named = try KeyFiles.publicKeys(keys.map { ($0, session.path($0)) }, for: isFiles ? .files : .images)
    if isFiles { return try await verify(session.path(reference), named, session: session) }
    guard signature == nil else {
      throw ValidationError("--signature is only for files, but \(reference) is a version")
    }
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    let lines = try await VerifyVersion(version, in: session).run(
      registry, named, type: PredicateType(parsing: type ?? "signature"))
    let record = named.map(\.name).filter { name in lines.contains { $0.record.contains(name) } }
    if json {
      return try Console.json(
        Output(
          name: version.record.name, version: version.record.version, digest: version.record.image.digest.description,
          record: record, attachments: lines))
    }
    var table = TextTable(["ATTACHED", "TYPE", "SIGNED BY", "DIGEST"])
    for line in lines {
      let keys = line.keys.isEmpty ? "none of the keys" : line.keys.joined(separator: ", ")
      table.add([
        String(line.at.prefix(19)) + "Z", line.type, line.problem.map { "cannot be read: \($0)" } ?? keys,
        String(line.digest.prefix(19)),
      ])
    }
    Console.data(table.text)
    Console.line("\(version.record.reference)  \(version.record.image.digest)  verified")
    options.note(
      record.isEmpty
        ? "its record (metrics, lineage) is not signed: opz sign \(version.record.reference) --key FILE signs it"
        : "its record is signed by \(record.joined(separator: ", "))")
  }

  private func verify(
    _ path: FilePath, _ keys: [(name: String, key: PublicKey)], session: Session
  ) async throws {
    guard type == nil else { throw ValidationError("--type is only for versions, but \(reference) is a path") }
    let file = session.path(signature ?? ModelSignature.fileName)
    let result = try await VerifyModelFiles(path, in: session).run(keys, signature: file)
    let manifest = result.manifest
    if json {
      return try Console.json(
        FilesOutput(
          path: path.string, digest: manifest.digest.description, files: manifest.resources.count,
          ignored: manifest.ignored.map { String(decoding: $0, as: UTF8.self) }, keys: keys.map(\.name)))
    }
    let ignored = manifest.ignored.map { PrintableText.line(bytes: $0) }.joined(separator: ", ")
    if !ignored.isEmpty { options.note("not covered by the signature: \(ignored)") }
    let count = manifest.resources.count
    Console.line("\(reference)  \(manifest.digest)  \(count) file\(count == 1 ? "" : "s") verified")
  }
}
