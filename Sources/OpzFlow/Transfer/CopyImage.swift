import OpzArchive
import OpzDistribution
import OpzIO
public import OpzOCI
import OpzRegistry
import OpzStore
import SystemPackage

/// `opz copy`: copies an image between places, byte for byte, with its referrers. Between container registries it
/// streams; within one registry, blobs are mounted; within one repository, only the tag is written.
public struct CopyImage: Sendable {
  /// What to copy and how to name it. By default the whole index is copied with its referrers.
  public struct Options: Sendable {
    /// The tags at the destination; empty keeps the source's.
    public var tags: [String] = []
    /// Copies only this platform's image of an index.
    public var platform: Platform?
    public var referrers = true
    public var expectation = TagExpectation.anything

    /// Creates the default options.
    public init() {}
  }

  /// The image at the destination, and how many bytes it took to copy it.
  public struct Result: Sendable {
    public let image: Descriptor
    /// The image's names at the destination, in the form that opz reads.
    public let references: [String]
    public let referrers: [Descriptor]
    public let totals: TransferTotals
  }

  private let source: ImagePlace
  private let destination: ImagePlace
  private let options: Options
  private let session: Session

  /// Prepares a copy. Neither side is contacted before `run()`.
  public init(_ source: ImagePlace, to destination: ImagePlace, _ options: Options = Options(), in session: Session) {
    self.source = source
    self.destination = destination
    self.options = options
    self.session = session
  }

  /// - Throws: the errors of both sides; `FlowError` of category `usage` if the destination cannot be written to.
  public func run() async throws -> Result {
    let opened = try await CopySource.open(source, in: session)
    let root = try await choose(opened)
    switch destination {
    case .remote(let reference): return try await toRemote(reference, root, opened: opened)
    case .layout(let directory, let tag): return try await toLayout(directory, tag, root: root, opened: opened)
    case .ociArchive(let file, let tag): return try await toOCIArchive(file, tag, root: root, opened: opened)
    case .dockerArchive(let file): return try await toArchive(file, root, opened: opened)
    case .version(let reference):
      throw FlowError(
        .usage, "\(reference)", reason: "not a place that an image can be copied to",
        hint: "write \(ImagePlace.places), or opz pull to fetch a version into the local registry")
    }
  }

  private func choose(_ opened: CopySource) async throws -> Descriptor {
    guard let platform = options.platform else { return opened.root }
    return try await choose(platform, opened.root, content: opened.content)
  }

  private func choose(_ platform: Platform, _ root: Descriptor, content: some ReferrerReader) async throws
    -> Descriptor
  {
    let there: String
    if root.mediaType.isIndex {
      let index = try await content.index(root)
      if let chosen = try await content.choose(platform, from: index) { return chosen.descriptor.withoutAnnotations }
      there = index.platforms
    } else {
      let own = try await content.image(root).config.platform
      if platform.accepts(own) { return root }
      there = "\(own)"
    }
    throw FlowError(.notFound, "\(source)", reason: "no image for \(platform)", hint: "it has \(there)")
  }

  // MARK: To a container registry

  private func toRemote(_ reference: Reference, _ root: Descriptor, opened: CopySource) async throws -> Result {
    if let pinned = reference.digest, pinned != root.digest {
      throw FlowError(
        .verification, "\(reference)", reason: "the image to copy is \(root.digest)",
        hint: "omit the digest, or copy that image")
    }
    let ledger = TransferLedger(session.progress)
    let tags = names(reference.tag, pinned: reference.digest != nil, opened)
    let remote = try repository(reference, ledger, mounts: opened.mounts(reference))
    let delivery = RemoteDelivery(
      root: root, source: opened.content, tags: tags, referrers: options.referrers && !isRetag(reference),
      tagGuard: TagGuard(repository: remote, expectation: options.expectation, seen: [:]), progress: ledger)
    let report = try await delivery.run()
    let references = tags.isEmpty ? ["\(reference.pinned(to: root.digest))"] : tags.map { "\(reference.name):\($0)" }
    return Result(
      image: root, references: references, referrers: report.referrers.map(\.descriptor), totals: ledger.totals)
  }

  /// The source is in the same repository, so everything is already there.
  private func isRetag(_ reference: Reference) -> Bool {
    if case .remote(let from) = source { from.name == reference.name } else { false }
  }

  private func repository(
    _ reference: Reference, _ ledger: TransferLedger, mounts: MountOrigins
  ) throws -> RemoteRepository {
    var session = session
    session.progress = ledger
    return try session.repository(reference, mounts: mounts, writes: true)
  }

  /// The requested tags, or else the destination's own, or else the source's. A destination with a digest needs none.
  private func names(_ own: String?, pinned: Bool, _ opened: CopySource) -> [String] {
    if !options.tags.isEmpty { return options.tags }
    if let own { return [own] }
    return pinned ? [] : opened.tag.map { [$0] } ?? []
  }

  // MARK: To files

  private func toLayout(
    _ directory: FilePath, _ tag: String?, root: Descriptor, opened: CopySource
  ) async throws -> Result {
    let ledger = TransferLedger(session.progress)
    let tags = names(tag, pinned: false, opened)
    let delivery = LayoutDelivery(
      root: root, tags: tags, referrers: options.referrers, layout: try LayoutStore.create(directory), progress: ledger)
    let referrers = try await delivery.run(from: opened.content)
    let references = tags.isEmpty ? ["oci:\(directory)"] : tags.map { "oci:\(directory):\($0)" }
    return Result(image: root, references: references, referrers: referrers, totals: ledger.totals)
  }

  private func toOCIArchive(
    _ file: FilePath, _ tag: String?, root: Descriptor, opened: CopySource
  ) async throws -> Result {
    try DockerArchiveFile.require(file, kind: "oci-archive")
    let tags = names(tag, pinned: false, opened)
    let plan = try await TransferPlan.of(
      root, tags: tags, referrers: options.referrers, in: opened.content, progress: session.progress)
    try await OCIArchiveFile(file).write(plan, tags: tags, from: opened.content)
    let references = tags.isEmpty ? ["oci-archive:\(file)"] : tags.map { "oci-archive:\(file):\($0)" }
    return Result(
      image: root, references: references, referrers: plan.referrers.map(\.descriptor), totals: TransferTotals())
  }

  private func toArchive(_ file: FilePath, _ index: Descriptor, opened: CopySource) async throws -> Result {
    let root =
      index.mediaType.isIndex ? try await choose(options.platform ?? .host, index, content: opened.content) : index
    let name = opened.name
    let names = names(nil, pinned: false, opened).map { "\(name):\($0)" }
    try DockerArchiveFile.require(file)
    try await DockerArchiveFile(file).write(root, names: names, from: opened.content)
    return Result(image: root, references: ["docker-archive:\(file)"], referrers: [], totals: TransferTotals())
  }
}
