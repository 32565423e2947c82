import ArgumentParser
import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a version: digests, files, lineage, events.",
    discussion: """
      opz show churn            the newest version
      opz show churn@1.0.0
      opz show churn@production --at 2026-05-03T14:02Z     what production was then
      opz show churn@1.0.0 --files
      opz show churn@1.0.0 --json | jq .lineage.metrics
      opz show registry.example/crm/churn:1.0.0      a remote image, its platforms and referrers
      """)

  @Argument(
    help: "NAME, NAME@VERSION, NAME@ALIAS or NAME@sha256:...; HOST/REPO:TAG.", completion: RegistryNames.references)
  var reference: String
  @Flag(help: "All files that opz added to the image; an array with --json.") var files = false
  @Flag(help: "Use plain HTTP for a container registry, if the network is trusted.") var insecure = false
  @Option(help: ArgumentHelp("The state at a time: 2026-05-03, 2026-05-03T14:02Z.", valueName: "time")) var at: String?
  @Flag(help: "An object: the record with digest, events and the current settings.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let record: JSONValue
    let lineage: Lineage
    let events: [[String: JSONValue]]
    let versions: [String]
    let aliases: [String]
    let tags: [String: String]
    let settings: Settings
    let card: String?
    let attachments: [Descriptor]
  }

  /// The current settings; `record` has those of the first packaging.
  struct Settings: Encodable {
    let at: String
    let event: Int?
    let hash: String?
    let deploy: JSONValue?
    let pushTo: String?
    let tests: [VersionRecord.TestFile]

    init(source: SettingsSource, _ record: VersionRecord) {
      (at, event, hash) = (source.at, source.event?.number, source.event?.hash)
      (deploy, pushTo, tests) = (record.deploy, record.pushTo, record.tests)
    }
  }

  func run() async throws {
    if ImagePlace.isRemote(reference) { return try await showRemote() }
    let registry = try options.session().openRegistry()
    let reference = try LocalReference(parsing: reference)
    let state = try at.map { try registry.state(reference.name, at: moment($0)) } ?? registry.state(reference.name)
    if let at, state.versions.isEmpty, try !registry.state(reference.name).versions.isEmpty {
      throw RegistryError(
        .notFound, "\(reference)", reason: "there was no version at \(at)",
        hint: "opz history \(reference.name) starts later")
    }
    let version = try registry.find(reference, in: state)
    if files {
      let all = try await registry.files(of: version.record)
      return json ? try Console.json(all) : Console.data(FileText.table(all))
    }
    let events = try registry.entries(of: version.name, version.version, in: state)
    let versions = state.live.reversed().map(\.version.description)
    let aliases = state.aliases(of: version.version).map(\.description)
    let tags = state.tags(of: version)
    let current = try registry.current(version, in: state).record
    let source = SettingsSource(version, in: state)
    let attachments = state.attachments(of: version)
    let card = try registry.card(of: version, in: state)
    if json {
      return try Console.json(
        Output(
          name: version.record.name, version: version.record.version, digest: version.record.image.digest.description,
          record: try JSONValue(json: version.bytes), lineage: current.lineage,
          events: try events.map { try registry.log(version.name).json(of: $0) }, versions: versions, aliases: aliases,
          tags: tags, settings: Settings(source: source, current), card: card,
          attachments: attachments.map(\.descriptor)))
    }
    Console.data(
      VersionText(
        record: current, source: source, events: events.map(\.event), versions: versions, aliases: aliases, tags: tags,
        card: card,
        attachments: attachments
      ).text)
  }

  private func showRemote() async throws {
    guard at == nil, !files else {
      throw ValidationError("--at and --files are for versions of the local registry; opz pull brings one there")
    }
    var session = options.session()
    session.insecure = insecure
    let listing = try await RemoteListing.read(Reference(parsing: reference), in: session)
    if json { try Console.json(listing) } else { Console.data(ListingText(listing: listing).text) }
  }

  private func moment(_ text: String) throws -> Timestamp {
    guard let moment = Timestamp(text) else {
      throw ValidationError("--at \(text): write a time as 2026-05-03 or 2026-05-03T14:02Z")
    }
    return moment
  }
}
