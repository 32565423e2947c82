import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct PullCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Brings a version from a container registry, with its record.",
    discussion: """
      The version keeps its name, number and digest; its lineage comes with it.

      opz pull registry.example/crm/churn:1.0.0
      """)

  @Argument(help: "HOST/REPO[:TAG|@DIGEST].") var source: String
  @Argument(help: "The name that the version must have.") var name: String?
  @Flag(help: "Speak plain HTTP, where the network is trusted.") var insecure = false
  @Flag(help: "An object: name, version, digest, existed, bytes.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let existed: Bool
    let bytes: UInt64
  }

  func run() async throws {
    var session = options.session()
    session.insecure = insecure
    let expected = try name.map { try ModelName($0) }
    let result = try await PullVersion(Reference(parsing: source), expecting: expected, in: session).run()
    let record = result.version.record
    if json {
      return try Console.json(
        Output(
          name: record.name, version: record.version, digest: record.image.digest.description, existed: result.existed,
          bytes: result.bytes))
    }
    options.note(
      result.existed
        ? "\(record.reference) was here already" : "recorded \(record.reference) in \(session.registryPath)")
    Console.line("\(record.reference)  \(record.image.digest)")
  }
}
