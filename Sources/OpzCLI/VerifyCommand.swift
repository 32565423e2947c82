import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTrust

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verifies what is attached to a version with public keys, offline.",
    discussion: """
      Each key must have signed the image, or with --type an attestation of that type. Exit code 4 where one has not.

      opz verify churn@1.2.0 --key release.pub
      opz verify churn@production --key release.pub --type slsaprovenance
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS.") var reference: String
  @Option(name: .customLong("key"), help: ArgumentHelp("A public key in PEM; may be repeated.", valueName: "file"))
  var keys: [String]
  @Option(help: "What must be signed: signature, slsaprovenance, vuln, eval-result, sbom, scan or a URI.")
  var type = "signature"
  @Flag(help: "An object: name, version, digest, record, attachments.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    /// The keys that signed the record.
    let record: [String]
    let attachments: [VerifyVersion.Line]
  }

  func validate() throws {
    guard !keys.isEmpty else { throw ValidationError("--key FILE: whose signature counts?") }
  }

  func run() async throws {
    let session = options.session()
    let named = try KeyFiles.publicKeys(keys.map { ($0, session.path($0)) })
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    let lines = try await VerifyVersion(version, in: session).run(registry, named, type: PredicateType(parsing: type))
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
}
