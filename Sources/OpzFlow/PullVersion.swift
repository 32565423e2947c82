import OpzDistribution
import OpzIO
public import OpzOCI
public import OpzRegistry
import OpzStore

/// `opz pull`: brings a version back from a container registry, byte for byte, its record with it.
public struct PullVersion: Sendable {
  public struct Result: Sendable {
    public let version: Registry.Version
    public let existed: Bool
    /// Bytes that were fetched.
    public let bytes: UInt64
  }

  private let source: Reference
  /// The name that the version must have, if the user said one.
  private let expected: ModelName?
  private let session: Session

  public init(_ source: Reference, expecting name: ModelName? = nil, in session: Session) {
    self.source = source
    expected = name
    self.session = session
  }

  public func run() async throws -> Result {
    let remote = try session.repository(source)
    let image = try await remote.resolve(source.digest?.description ?? source.tag ?? "latest")
    let artifact = try await record(of: image, in: remote)
    let bytes = try await RecordArtifact.record(in: try await remote.manifest(artifact), of: remote)
    let record = try VersionRecord.decode(bytes, subject: source.description)
    guard record.image.digest == image.digest else {
      throw FlowError(
        .verification, source.description, "the record that the registry has for it is about \(record.image.digest)",
        hint: "the registry's referrers are wrong; push the version again")
    }
    if let expected, expected.description != record.name {
      throw FlowError(
        .conflict, source.description, "it is \(record.reference), not \(expected)",
        hint: "leave the name out; a version keeps its name and number")
    }
    let registry = try session.createRegistry()
    let first = try await copy(image, from: remote, to: registry.store, progress: session.progress)
    let second = try await copy(artifact, from: remote, to: registry.store, progress: session.progress)
    for artifact in (record.artifacts ?? [:]).values {
      _ = try await copy(artifact, from: remote, to: registry.store, progress: session.progress)
    }
    let outcome = try await blocking { [self] in
      try registry.adopt(
        bytes, artifact: artifact, by: session.author, details: ["source": .string(source.description)])
    }
    let adopted =
      switch outcome {
      case .recorded(let version), .existed(let version): version
      }
    try await VersionAttachments(adopted, session).pull(remote, to: registry)
    let moved = first.bytes &+ second.bytes
    switch outcome {
    case .recorded(let version): return Result(version: version, existed: false, bytes: moved)
    case .existed(let version): return Result(version: version, existed: true, bytes: moved)
    }
  }

  private func record(of image: Descriptor, in remote: RemoteRepository) async throws -> Descriptor {
    let found = try await remote.referrers(of: image.digest).filter { $0.artifactType == RecordArtifact.artifactType }
    guard let first = found.first else {
      throw FlowError(
        .notFound, source.description, "the image has no version record, so opz did not push it",
        hint: "it can be the base of a custom runtime: runtime: {kind: custom, base: \(source)}")
    }
    return first
  }
}
