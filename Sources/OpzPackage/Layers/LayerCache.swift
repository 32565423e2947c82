import OpzArchive
public import OpzIO
import OpzJSON
public import OpzOCI
public import OpzStore
public import SystemPackage

/// Finds layers written before by everything that their bytes depend on.
///
/// In the registry's `cache/`: `digests` (see `DigestCache`), `layers/<key>.json` per layer, and `shapes/<key>`, an
/// empty file per layer whose key leaves out the content of files. A layer whose blob is gone is treated as missing.
public struct LayerCache: Sendable {
  /// A cached layer whose blob is still in the store.
  public struct Found: Sendable {
    public let layer: Layer
    public let compressor: String
    /// Digests of the layer's entries, in order; nil for an entry that is not a file, and for a file that is alone in
    /// its layer.
    public let digests: [Digest?]
  }

  private struct Entry: Codable {
    var descriptor: Descriptor
    var diffID: Digest
    var compressor: String
  }

  private let directory: FilePath
  private let store: LayoutStore
  private let digests: DigestCache

  /// - Parameter directory: the registry's `cache`.
  public init(_ directory: FilePath, store: LayoutStore) {
    self.directory = directory
    self.store = store
    digests = DigestCache(directory.appending("digests"))
  }

  /// Finds a layer that was written before.
  ///
  /// If a layer of the same shape is known, files with new times are hashed: a fresh checkout costs one pass of
  /// SHA-256, but no compression and no writing.
  public func find(_ planned: PlannedLayer) throws -> Found? {
    if case .stored(let source) = planned.source {
      guard try store.has(source.layer.descriptor) else { return nil }
      return Found(layer: source.layer, compressor: source.compressor, digests: [])
    }
    if planned.holdsSingleFile {
      guard let key = LayerKey.contents(planned, digests: [nil]) else { return nil }
      return try entry(key).map { Found(layer: $0.layer, compressor: $0.compressor, digests: [nil]) }
    }
    let files = planned.source.files
    var known = files.map { LayerKey.needsDigest($0) ? digests.digest(of: $0.status) : nil }
    let unknown = files.indices.filter { known[$0] == nil && LayerKey.needsDigest(files[$0]) }
    if !unknown.isEmpty {
      guard try FileStatus.find(shape(planned)) != nil else { return nil }
      for index in unknown { known[index] = try hash(files[index]) }
    }
    guard let key = LayerKey.contents(planned, digests: known), let found = try entry(key) else {
      return nil
    }
    return Found(layer: found.layer, compressor: found.compressor, digests: known)
  }

  /// A file's digest, if it was hashed before and has not changed since.
  public func digest(of file: SourceFile) -> Digest? { digests.digest(of: file.status) }

  /// Records a layer and its files' digests.
  /// - Parameter began: a moment before the first file was read.
  func remember(
    _ layer: Layer, _ compressor: String, of planned: PlannedLayer, digests found: [Digest?], began: Timestamp
  ) throws {
    for (file, digest) in zip(planned.source.files, found) {
      if let digest { digests.remember(digest, of: file.status, read: began) }
    }
    if planned.holdsSingleFile, !planned.source.files[0].status.isSettled(at: began) { return }
    guard let key = LayerKey.contents(planned, digests: found) else { return }
    let entry = Entry(descriptor: layer.descriptor, diffID: layer.diffID, compressor: compressor)
    try Durable.makeDirectory(directory.appending("layers"))
    try Durable.replaceWithoutSync(path(key), with: try CanonicalJSON.encode(entry))
    if !planned.holdsSingleFile, !planned.source.files.isEmpty {
      try Durable.makeDirectory(directory.appending("shapes"))
      try Durable.replaceWithoutSync(shape(planned), with: [])
    }
    try digests.save()
  }

  /// Writes the digests learned so far to the cache.
  /// - Throws: when the file cannot be written.
  public func save() throws { try digests.save() }

  public var speed: WritingSpeed { WritingSpeed.read(directory) }

  /// Records how long a layer took to write.
  func observe(_ layer: PlannedLayer, _ time: Duration) throws {
    var speed = speed
    speed.add(layer, time)
    try speed.write(directory)
  }

  private func hash(_ file: SourceFile) throws -> Digest {
    let began = Timestamp.now()
    var hasher = DigestHasher(.sha256)
    try FileContent(file).forEachChunk { hasher.update($0) }
    let digest = hasher.finish()
    digests.remember(digest, of: file.status, read: began)
    return digest
  }

  private func entry(_ key: Digest) throws -> (layer: Layer, compressor: String)? {
    // An unreadable entry is treated as missing: the layer is written again.
    guard let bytes = try? SmallFile.read(path(key), limit: 1 << 16),
      let entry = try? CanonicalJSON.decode(Entry.self, from: bytes, subject: "cache"), try store.has(entry.descriptor)
    else { return nil }
    return (Layer(descriptor: entry.descriptor, diffID: entry.diffID), entry.compressor)
  }

  private func path(_ key: Digest) -> FilePath { directory.appending("layers").appending("\(key.hex).json") }
  private func shape(_ planned: PlannedLayer) -> FilePath {
    directory.appending("shapes").appending(LayerKey.shape(planned).hex)
  }
}
