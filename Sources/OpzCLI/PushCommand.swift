import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct PushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push", abstract: "Pushes a version to a container registry.",
    discussion: """
      The image, and the version's record as its referrer. What the registry has is not sent. Credentials come from docker's \
      config.json. Plain HTTP is used for loopback addresses only.

      opz push churn@1.0.0 registry.example/crm/churn:1.0.0
      """)

  @Argument(help: "NAME@VERSION.") var reference: String
  @Argument(help: "HOST/REPO[:TAG]; else push.to in opz.yaml.") var destination: String?
  @Option(name: .customLong("tag"), help: "A tag; may be repeated.") var tags: [String] = []
  @Flag(help: "Speak plain HTTP, where the network is trusted.") var insecure = false
  @Flag(help: "An object: name, version, digest, references, copied, existed, bytes.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let references: [String]
    let copied: Int
    let existed: Int
    let bytes: UInt64
  }

  func validate() throws {
    for tag in tags where !Reference.isTag(tag) { throw ValidationError("--tag \(tag): not a tag") }
  }

  func run() async throws {
    var session = options.session()
    session.insecure = insecure
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    guard let place = destination ?? version.record.pushTo else {
      throw FlowError(
        .usage, version.record.reference, "no destination",
        hint: "opz push \(version.record.reference) HOST/REPO:TAG, or push: {to: HOST/REPO} in opz.yaml")
    }
    let result = try await PushVersion(version, to: Reference(parsing: place), tags: tags, in: session).run(registry)
    if json {
      return try Console.json(
        Output(
          name: version.record.name, version: version.record.version, digest: result.image.digest.description,
          references: result.references.map(\.description), copied: result.copied, existed: result.existed,
          bytes: result.bytes))
    }
    options.note("sent \(ByteCount.text(result.bytes)) in \(result.copied) blobs; \(result.existed) were there")
    for reference in result.references { Console.line("\(reference)@\(result.image.digest)") }
  }
}
