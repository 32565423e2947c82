import ArgumentParser
import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry

struct PushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push", abstract: "Pushes a version to a container registry.",
    discussion: """
      Pushes the image, the version's record and other referrers. Content that the registry has is not sent again. \
      Afterwards, all tags and blobs are verified; the result is recorded in a receipt and in the event. A tag that \
      someone else moved is left alone. Credentials come from docker's config.json and podman's auth.json. Plain HTTP \
      is used for loopback addresses only.

      opz push churn@1.0.0 registry.example/crm/churn:1.0.0
      opz push churn@production --tag stable --receipt push.json
      """)

  @Argument(help: "NAME@VERSION.", completion: RegistryNames.references) var reference: String
  @Argument(help: "HOST/REPO[:TAG]; push.to in opz.yaml if missing.") var destination: String?
  @Option(name: .customLong("tag"), help: "A tag; may be repeated.") var tags: [String] = []
  @OptionGroup var expectation: ExpectOption
  @Flag(help: "Move tags even if someone else moved them.") var force = false
  @Option(help: ArgumentHelp("Write the receipt as JSON (registry/receipt.schema.json).", valueName: "file"))
  var receipt: String?
  @Flag(help: "Use plain HTTP, if the network is trusted.") var insecure = false
  @Flag(help: "An object: name, version, digest, references, copied, existed, bytes, totals.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let references: [String]
    let copied: Int
    let existed: Int
    let bytes: UInt64
    let totals: TransferTotals
  }

  func validate() throws {
    for problem in tags.compactMap(Reference.tagProblem) { throw ValidationError("--tag: \(problem)") }
    if force, expectation.expect != nil { throw ValidationError("--force and --expect exclude each other") }
  }

  func run() async throws {
    var session = options.session()
    session.insecure = insecure
    if let receipt { try Console.reserveStandardOutput("--receipt", to: session.output(receipt), json: json) }
    let registry = try session.openRegistry()
    let version = try registry.current(registry.find(LocalReference(parsing: reference)))
    guard let place = destination ?? version.record.pushTo else {
      throw FlowError(
        .usage, version.record.reference, reason: "no destination",
        hint: "opz push \(version.record.reference) HOST/REPO:TAG, or push: {to: HOST/REPO} in opz.yaml")
    }
    var push = PushVersion(version, to: try Reference(parsing: place), tags: tags, in: session)
    push.expectation = force ? .anything : expectation.value ?? .asLastSeen
    let result = try await push.run(registry)
    if let receipt {
      try OutputFile.write(try CanonicalJSON.encodePretty(result.receipt), to: session.output(receipt))
    }
    if json {
      return try Console.json(
        Output(
          name: version.record.name, version: version.record.version, digest: result.image.digest.description,
          references: result.references.map(\.description), copied: result.copied, existed: result.existed,
          bytes: result.bytes, totals: result.totals))
    }
    options.note(TotalsText.line(result.totals))
    for reference in result.references { Console.line("\(reference)@\(result.image.digest)") }
  }
}
