import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI

struct CopyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy", abstract: "Copies an image from one place to another, with its referrers.",
    discussion: """
      A place is HOST/REPO[:TAG][@DIGEST], NAME@VERSION, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE. From one \
      container registry to another the bytes stream through, within one they are mounted, and within one repository only the \
      tag is written. Indexes are copied whole, and digests do not change. Records, SBOMs, signatures and all other \
      referrers are copied too, and so are cosign's tags.

      opz copy dev.example/crm/churn:1.0.0 prod.example/crm/churn:1.0.0
      opz copy prod.example/crm/churn:1.0.0 prod.example/crm/churn --tag stable --tag latest
      opz copy prod.example/crm/churn:1.0.0 oci:churn:1.0.0 --platform linux/amd64
      opz copy churn@1.0.0 oci-archive:churn.tar
      """)

  @Argument(help: "The image to copy.", completion: RegistryNames.references) var source: String
  @Argument(help: "The destination; without a tag it keeps the source's.") var destination: String
  @Option(name: .customLong("tag"), help: "A tag at the destination; may be repeated.") var tags: [String] = []
  @Option(help: ArgumentHelp("Copy only one image of an index: linux/amd64.", valueName: "platform")) var platform:
    String?
  @Flag(name: .customLong("no-referrers"), help: "Copy the image without referrers.") var noReferrers = false
  @OptionGroup var expectation: ExpectOption
  @Flag(help: "Use plain HTTP, if the network is trusted.") var insecure = false
  @Flag(help: "An object: digest, references, referrers, bytes.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let digest: String
    let mediaType: String
    let references: [String]
    let referrers: [Descriptor]
    let bytes: TransferTotals
  }

  func validate() throws {
    for problem in tags.compactMap(Reference.tagProblem) { throw ValidationError("--tag: \(problem)") }
    if let platform, Platform(platform) == nil {
      throw ValidationError("--platform \(platform): write OS/ARCHITECTURE, linux/amd64")
    }
  }

  func run() async throws {
    var session = options.session()
    session.insecure = insecure
    if let path = ImagePlace.archive(destination, in: session) {
      try Console.reserveStandardOutput(destination, to: path, json: json)
    }
    var choice = CopyImage.Options()
    choice.tags = tags
    choice.platform = platform.flatMap { Platform($0) }
    choice.referrers = !noReferrers
    choice.expectation = expectation.value ?? .anything
    let result = try await CopyImage(
      ImagePlace(parsing: source, in: session), to: ImagePlace.destination(destination, in: session), choice,
      in: session
    ).run()
    if json {
      return try Console.json(
        Output(
          digest: result.image.digest.description, mediaType: result.image.mediaType.description,
          references: result.references, referrers: result.referrers, bytes: result.totals))
    }
    if !result.referrers.isEmpty { options.note("with \(CountText.count(result.referrers.count, "referrer"))") }
    // Files count no blobs.
    if result.totals != TransferTotals() { options.note(TotalsText.line(result.totals)) }
    for reference in result.references {
      Console.line(reference.contains("@") ? reference : "\(reference)@\(result.image.digest)")
    }
  }
}
