import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct PullCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Fetches a version from a container registry, with its record.",
    discussion: """
      The version keeps its name, number, digest and lineage. Its referrers, such as SBOMs and signatures, are fetched \
      too, and a later push includes them.

      A record is accepted only if the image's own documents agree with it. If several records do, opz refuses all of \
      them (exit code 4), unless --record names the right one.

      opz pull registry.example/crm/churn:1.0.0
      """)

  @Argument(help: "HOST/REPO[:TAG|@DIGEST].") var source: String
  @Argument(help: "The name that the version must have.") var name: String?
  @Flag(name: .customLong("no-referrers"), help: "Fetch only the image and its record.") var noReferrers = false
  @Option(
    help: ArgumentHelp(
      "If there are several records for the image: the digest of the right version.json.", valueName: "digest"),
    transform: { text in
      guard let digest = Digest(text) else { throw ValidationError("--record is a digest: sha256:<hex>") }
      return digest
    })
  var record: Digest?
  @Flag(help: "Accept an older version than the tag named when it was last seen.") var force = false
  @Flag(help: "Use plain HTTP, if the network is trusted.") var insecure = false
  @Flag(help: "An object: name, version, digest, existed, bytes, referrers.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let existed: Bool
    let bytes: UInt64
    let referrers: [Descriptor]
  }

  func run() async throws {
    var session = options.session()
    session.insecure = insecure
    let expected = try name.map { try ModelName($0) }
    var pull = PullVersion(try Reference(parsing: source), expecting: expected, in: session)
    pull.referrers = !noReferrers
    pull.acceptsRollback = force
    pull.chosenRecord = record
    let result = try await pull.run()
    let record = result.version.record
    if json {
      return try Console.json(
        Output(
          name: record.name, version: record.version, digest: record.image.digest.description, existed: result.existed,
          bytes: result.bytes, referrers: result.referrers))
    }
    if !result.referrers.isEmpty { options.note("with \(CountText.count(result.referrers.count, "referrer"))") }
    options.note(
      result.existed
        ? "\(record.reference) already exists here" : "recorded \(record.reference) in \(session.registryPath)")
    Console.line("\(record.reference)  \(record.image.digest)")
  }
}
