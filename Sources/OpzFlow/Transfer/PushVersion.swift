import OpzDistribution
import OpzIO
import OpzJSON
public import OpzOCI
public import OpzRegistry
import OpzStore

/// What a push did.
public struct PushResult: Sendable {
  /// The image's digest at the destination.
  public let image: Descriptor
  /// `HOST/REPO:TAG`, one a tag. What the version has as a ModelPack artifact too is under `TAG.modelpack`.
  public let references: [Reference]
  public let copied: Int
  public let existed: Int
  public let totals: TransferTotals
  /// What was checked after the push. The event has it too.
  public let receipt: Receipt

  /// Bytes that were sent.
  public var bytes: UInt64 { totals.sent }
}

/// `opz push`: copies a version's image, its record and what else refers to it to a container registry, then asks for all of it again.
public struct PushVersion: Sendable {
  private let version: Registry.Version
  private let destination: Reference
  private let tags: [String]
  private let session: Session
  /// What the tags must name before they are moved.
  public var expectation = TagExpectation.asSeen

  /// - Parameter tags: the names that the image gets; the destination's tag, else the version, where there are none.
  public init(_ version: Registry.Version, to destination: Reference, tags: [String] = [], in session: Session) {
    self.version = version
    self.destination = destination
    let own = destination.tag ?? Reference.tag(for: version.version)
    self.tags = tags.isEmpty ? [own] : tags
    self.session = session
  }

  /// - Throws: `PushFailure`, which says what is safe and how to go on; `FlowError` of category `conflict` where a tag is not what is expected.
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
    let remote = try sending.repository(destination, mounts: Mounts.origins(of: version, state, for: destination))
    if let later = state.configuration(of: version) {
      session.progress.report(
        .note(
          "the record travels with the settings of its first packaging; those of event \(later.event.number) stay in this registry"
        ))
    }
    let delivery = RemoteDelivery(
      root: version.record.image, source: try await VersionSource.open(version, registry, session), tags: tags,
      referrers: true,
      tagGuard: TagGuard(repository: remote, expectation: expectation, seen: state.seen), progress: ledger)
    let report = try await delivery.run()
    let receipt = Receipt(version, references, report, ledger, by: session.author, tool: session.tool)
    let details: [String: JSONValue] = [
      "destination": .array(references.map { .string($0.description) }),
      "bytes": .integer(Int64(clamping: ledger.totals.sent)), "receipt": try JSONValue(encoding: receipt),
    ]
    try await blocking { [self] in try registry.note(.pushed, version, by: session.author, details: details) }
    return PushResult(
      image: version.record.image, references: references, copied: report.copied, existed: report.existed,
      totals: ledger.totals, receipt: receipt)
  }

  /// Bytes of the image's layers.
  private var total: UInt64 { version.record.layers.reduce(0) { $0 &+ $1.descriptor.size } }

  /// What goes on with this push.
  private var command: String {
    let more = tags.count > 1 ? tags.map { " --tag \($0)" }.joined() : ""
    let place = tags.count > 1 ? destination.name : "\(destination.name):\(tags[0])"
    return "opz push \(version.record.reference) \(place)\(more)"
  }
}
