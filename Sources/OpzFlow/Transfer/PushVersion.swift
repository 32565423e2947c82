import OpzDistribution
import OpzIO
import OpzJSON
public import OpzOCI
public import OpzRegistry
import OpzStore

/// The result of a push.
public struct PushResult: Sendable {
  /// The image at the destination.
  public let image: Descriptor
  /// One `HOST/REPO:TAG` per tag. The version's ModelPack artifact, if any, is tagged `TAG.modelpack`.
  public let references: [Reference]
  public let copied: Int
  public let existed: Int
  public let totals: TransferTotals
  /// What was verified after the push; the `pushed` event records it too.
  public let receipt: Receipt

  /// Bytes that were sent.
  public var bytes: UInt64 { totals.sent }
}

/// `opz push`: copies a version's image, record and referrers to a container registry, then verifies that all of it is
/// there.
public struct PushVersion: Sendable {
  private let version: Registry.Version
  private let destination: Reference
  private let tags: [String]
  private let session: Session
  /// What the tags must name before they are moved.
  public var expectation = TagExpectation.asLastSeen

  /// - Parameter tags: the image's tags; empty uses the destination's tag, or else the version number.
  public init(_ version: Registry.Version, to destination: Reference, tags: [String] = [], in session: Session) {
    self.version = version
    self.destination = destination
    let own = destination.tag ?? TagMapping.tag(of: version.version)
    self.tags = tags.isEmpty ? [own] : tags
    self.session = session
  }

  /// - Throws: `PushFailure`, which says how much arrived and how to resume; `FlowError` of category `conflict` if a
  ///   tag does not name what is expected.
  public func run(_ registry: Registry) async throws -> PushResult {
    let ledger = TransferLedger(session.progress)
    do {
      return try await push(registry, ledger)
    } catch let error as DistributionError {
      throw PushFailure(error, safe: ledger.safe, of: total, resume: command)
    }
  }

  private func push(_ registry: Registry, _ ledger: TransferLedger) async throws -> PushResult {
    let references = try tags.map { try destination.tagged($0) }
    var sending = session
    sending.progress = ledger
    let state = try registry.state(version.name)
    let remote = try sending.repository(
      destination, mounts: MountCandidates.origins(of: version, state, for: destination), writes: true)
    if let later = state.configuration(of: version) {
      session.progress.report(
        .note(
          "the pushed record has the settings of its first packaging; those of event \(later.event.number) stay in this registry"
        ))
    }
    let delivery = RemoteDelivery(
      root: version.record.image, source: try await VersionSource.open(version, registry, session: session), tags: tags,
      referrers: true,
      tagGuard: TagGuard(repository: remote, expectation: expectation, seen: try seen(state, registry)),
      progress: ledger)
    let report = try await delivery.run()
    let receipt = Receipt(version, references, report: report, ledger: ledger, by: session.author, tool: session.tool)
    let details: [String: JSONValue] = [
      "destination": .array(references.map { .string($0.description) }),
      "bytes": .integer(Int64(clamping: ledger.totals.sent)), "receipt": try JSONValue(encoding: receipt),
    ]
    try await blocking { [self] in try registry.note(.pushed, version, by: session.author, details: details) }
    return PushResult(
      image: version.record.image, references: references, copied: report.copied, existed: report.existed,
      totals: ledger.totals, receipt: receipt)
  }

  /// What this registry last saw under each tag, the tags of other artifacts of the version among them.
  private func seen(_ state: ModelState, _ registry: Registry) throws -> [String: Digest] {
    var seen = state.seen
    for reference in try tags.map({ try destination.tagged($0).description }) {
      guard let image = state.seen[reference], let entry = state.live.first(where: { $0.image == image }) else {
        continue
      }
      for (name, artifact) in try registry.load(version.name, entry).record.artifacts ?? [:] {
        seen["\(reference).\(name)"] = artifact.digest
      }
    }
    return seen
  }

  /// Bytes of the image's layers.
  private var total: UInt64 { version.record.layers.reduce(0) { $0 &+ $1.descriptor.size } }

  /// The command that resumes this push.
  private var command: String {
    let more = tags.count > 1 ? tags.map { " --tag \($0)" }.joined() : ""
    let place = tags.count > 1 ? destination.name : "\(destination.name):\(tags[0])"
    return "opz push \(version.record.reference) \(place)\(more)"
  }
}
