import OpzDistribution
import OpzIO
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
  /// Bytes that were sent.
  public let bytes: UInt64
}

/// `opz push`: copies a version's image and its record to a container registry, then reads the tag back.
public struct PushVersion: Sendable {
  private let version: Registry.Version
  private let destination: Reference
  private let tags: [String]
  private let session: Session

  /// - Parameter tags: the names that the image gets; the destination's tag, else the version, where there are none.
  public init(_ version: Registry.Version, to destination: Reference, tags: [String] = [], in session: Session) {
    self.version = version
    self.destination = destination
    // `+` is no character of a tag; build metadata follows an underscore there, as Helm writes it.
    let own = destination.tag ?? version.version.description.replacing("+", with: "_")
    self.tags = tags.isEmpty ? [own] : tags
    self.session = session
  }

  public func run(_ registry: Registry) async throws -> PushResult {
    let references = try tags.map { try destination.tagged($0) }
    let remote = try session.repository(destination, mounts: mounts())
    let content = VersionContent(registry: registry, record: version.record, session: session)
    let image = try await copy(version.record.image, from: content, to: remote, progress: session.progress)
    let record = try await copy(version.artifact, from: registry.store, to: remote, progress: session.progress)
    for tag in tags { try await remote.tag(version.record.image, as: tag) }
    for (name, artifact) in version.record.artifacts ?? [:] {
      _ = try await copy(artifact, from: content, to: remote, progress: session.progress)
      for tag in tags { try await remote.tag(artifact, as: "\(tag).\(name)") }
    }
    try await VersionAttachments(version, session).push(registry, from: content, to: remote)
    try await verify(remote)
    let details: [String: JSONValue] = [
      "destination": .array(references.map { .string($0.description) }),
      "bytes": .integer(Int64(clamping: image.bytes &+ record.bytes)),
    ]
    try await blocking { [self] in try registry.note(.pushed, version, by: session.author, details: details) }
    return PushResult(
      image: version.record.image, references: references, copied: image.copied + record.copied,
      existed: image.existed + record.existed, bytes: image.bytes &+ record.bytes)
  }

  /// The base's blobs may be in the base's repository on the same host: they need not be sent there.
  private func mounts() -> [Digest: [String]] {
    var mounts: [Digest: [String]] = [:]
    for layer in version.record.layers {
      guard let origin = layer.origin, let reference = try? Reference(parsing: origin),
        reference.host == destination.host, reference.repository != destination.repository
      else { continue }
      mounts[layer.descriptor.digest] = [reference.repository]
    }
    return mounts
  }

  private func verify(_ remote: RemoteRepository) async throws {
    for tag in tags {
      let found = try await remote.resolve(tag)
      guard found.digest == version.record.image.digest else {
        throw FlowError(
          .verification, "\(destination.name):\(tag)",
          "the tag names \(found.digest) after the push of \(version.record.image.digest)",
          hint: "somebody else pushes to this tag, or the registry is broken; push again")
      }
    }
  }
}
