public import OpzIO
import OpzJSON
public import OpzOCI
public import SystemPackage

/// An OCI image layout on disk (OCI image-spec, image-layout.md): `oci-layout`, `index.json`, `blobs/<alg>/<hex>`.
///
/// A blob is written to an unnamed or temporary file in its own directory, hashed meanwhile, synced, made read-only
/// and named; so a blob that has its name is complete. `index.json` is rewritten under a lock on the layout's
/// directory.
public struct LayoutStore: ContentStore, TagStore {
  public let root: FilePath
  /// The directory of most blobs, kept because an audit computes a million paths in it.
  private let sha256: FilePath
  /// Complete blobs that have no names yet; nil when each is named at once.
  let pending: PendingBlobs?

  /// Opens a layout, creating it in a new or empty directory.
  /// - Throws: `StoreError` with code `badLayout` when the directory holds something else.
  public static func create(_ root: FilePath) throws -> LayoutStore {
    let store = LayoutStore(unchecked: root)
    if try FileStatus.find(root.appending("oci-layout")) != nil { return try open(root) }
    if try FileStatus.find(root) != nil, try !Directory.entries(root).isEmpty {
      throw StoreError(
        .badLayout, root.string, reason: "the directory is not empty and has no oci-layout file",
        hint: "name an empty directory or a new one")
    }
    try store.prepare()
    return store
  }

  /// Creates a layout in a directory that may hold other things too, such as a registry.
  package static func prepared(_ root: FilePath) throws -> LayoutStore {
    let store = LayoutStore(unchecked: root)
    try store.prepare()
    return store
  }

  /// Opens an existing layout.
  /// - Throws: `StoreError` with code `notFound` or `badLayout`.
  public static func open(_ root: FilePath) throws -> LayoutStore {
    let marker = root.appending("oci-layout")
    guard try FileStatus.find(marker) != nil else {
      throw StoreError(
        try FileStatus.find(root) == nil ? .notFound : .badLayout, root.string,
        reason: "not an OCI image layout: no oci-layout file")
    }
    let bytes = try SmallFile.read(marker, limit: 4096)
    let version = try CanonicalJSON.decode(Marker.self, from: bytes, .layoutMarker, subject: marker.string)
      .imageLayoutVersion
    guard version == "1.0.0" else {
      throw StoreError(.badLayout, marker.string, reason: "version \(version) of the layout is not supported")
    }
    return LayoutStore(unchecked: root)
  }

  private init(unchecked root: FilePath, pending: PendingBlobs? = nil) {
    self.root = root
    self.pending = pending
    sha256 = root.appending("blobs").appending(Digest.Algorithm.sha256.rawValue)
  }

  /// Creates the directories, the marker and an empty index.
  package func prepare() throws {
    try Durable.makeDirectory(blobDirectory(.sha256))
    if try FileStatus.find(root.appending("index.json")) == nil { try write(Index.Content(manifests: [])) }
    try Durable.replace(root.appending("oci-layout"), with: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
  }

  /// The path of a blob, whether or not it exists.
  public func path(of digest: Digest) -> FilePath { blobDirectory(digest.algorithm).appending(digest.hex) }

  /// Whether a blob of the right size is present.
  public func contains(_ descriptor: Descriptor) async throws -> Bool {
    let exists = try has(descriptor)
    if exists, descriptor.size >= LayoutStore.expensiveSize { removePartial(descriptor.digest) }
    return exists
  }

  /// The same layout for a caller that puts many small blobs: they can be read here at once, but are named and
  /// durable only after `flush()`. Blobs that are never flushed leave nothing behind.
  /// - Parameter count: after this many pending blobs they are flushed automatically; each is an open file.
  public func batchingSyncs(every count: Int = .max) -> LayoutStore {
    LayoutStore(unchecked: root, pending: PendingBlobs(most: count))
  }

  /// Names the pending blobs durably, together with other files. Afterwards all names among the blobs are durable,
  /// including those that another process just gave.
  /// - Parameters:
  ///   - files: are named after the blobs.
  ///   - directories: are synced with those of the files.
  /// - Returns: for each of `files` whether it has its name; false where the name was taken and the existing file was
  ///   kept.
  /// - Throws: `IOFailure`.
  @discardableResult
  public func flush(with files: [PendingFile] = [], syncing directories: [FilePath] = []) throws -> [Bool] {
    let blobs = pending?.all ?? []
    let blobFiles = blobs.map { PendingFile($0.file, at: path(of: $0.digest), mode: 0o444) }
    let named = try Durable.publish(blobFiles + files, syncing: directories + [sha256])
    for (blob, isNamed) in zip(blobs, named) where !isNamed { try restore(blob) }
    pending?.remove(blobs)
    return Array(named.dropFirst(blobs.count))
  }

  /// Another writer published it first, with the same digest. If that file has another size it is damaged, and is
  /// replaced.
  private func restore(_ blob: PendingBlobs.Blob) throws {
    let destination = path(of: blob.digest)
    guard try FileStatus.find(destination)?.size != blob.size else { return }
    try Durable.remove(destination)
    _ = try blob.file.publish(at: destination, mode: 0o444)
  }

  /// Whether a blob of the right size is present. Its bytes are not verified.
  public func has(_ descriptor: Descriptor) throws -> Bool {
    if let blob = pending?.find(descriptor.digest) { return blob.size == descriptor.size }
    guard let status = try FileStatus.find(path(of: descriptor.digest)) else { return false }
    return status.kind == .file && status.size == descriptor.size
  }

  /// Returns the blob's file; see `file(_:)`.
  public func blob(_ descriptor: Descriptor) async throws -> any Blob { try file(descriptor) }

  /// Returns the file of a blob, flushing pending blobs first if it is among them.
  /// - Throws: `StoreError` with code `notFound`, or `wrongSize` when the file is damaged.
  public func file(_ descriptor: Descriptor) throws -> FileBlob {
    if pending?.find(descriptor.digest) != nil { try flush() }
    let place = path(of: descriptor.digest)
    guard let status = try FileStatus.find(place), status.kind == .file else {
      throw StoreError(.notFound, descriptor.digest.description, reason: "not in the store at \(root)")
    }
    guard status.size == descriptor.size else { throw wrongSize(status.size, of: descriptor, at: place) }
    return FileBlob(place, size: status.size)
  }

  /// Either the file is damaged or the descriptor is wrong: the file's digest tells.
  private func wrongSize(_ size: UInt64, of descriptor: Descriptor, at place: FilePath) -> StoreError {
    var hasher = DigestHasher(descriptor.digest.algorithm)
    let isRead = (try? FileBlob(place, size: size).forEachChunk { hasher.update($0) }) != nil
    guard isRead, hasher.finish() != descriptor.digest else {
      return StoreError(size: size, of: descriptor, at: place.string)
    }
    return StoreError(
      .wrongSize, place.string,
      reason: "the blob has \(size) bytes, but should have \(descriptor.size) (\(descriptor.mediaType))",
      hint: "the file is damaged; opz fsck lists all damaged files")
  }

  /// Reads a small blob, pending ones included. The bytes are not verified.
  /// - Throws: `StoreError` with code `tooLarge` for more than `limit` bytes, before any is read.
  package func content(_ descriptor: Descriptor, limit: Int = Document.limit) throws -> [UInt8] {
    guard descriptor.size <= UInt64(limit) else {
      throw StoreError(
        .tooLarge, descriptor.digest.description,
        reason: "it has \(descriptor.size) bytes; the limit is \(limit)")
    }
    guard let blob = pending?.find(descriptor.digest), blob.size == descriptor.size else {
      return try file(descriptor).bytes()
    }
    return try SmallFile.read(blob.file.file, limit: Int(PendingBlobs.limit))
  }

  /// Stores a blob; a large one from a network peer can be resumed if it breaks off.
  /// - Throws: `StoreError` when the bytes do not match the descriptor or do not fit, or what reading the blob
  ///   throws.
  public func put(_ descriptor: Descriptor, from blob: any Blob) async throws {
    if try await contains(descriptor) { return }
    guard blob.isExpensiveToReread else { return try await blocking { try receive(descriptor, from: blob) } }
    let stoppable = StoppableBlob(blob)
    try await withTaskCancellationHandler {
      try await blocking {
        if blob.size >= LayoutStore.expensiveSize { return try fetch(descriptor, from: stoppable) }
        try receive(descriptor, from: stoppable)
      }
    } onCancel: {
      stoppable.stop()
    }
  }

  private func receive(_ descriptor: Descriptor, from blob: any Blob) throws {
    let writer = try ingest(descriptor.digest.algorithm, expecting: descriptor.size)
    try blob.forEachChunk { try writer.write($0) }
    try writer.commit(as: descriptor)
  }

  /// Stores bytes that are in memory. It blocks.
  /// - Returns: their descriptor.
  @discardableResult
  public func put(_ bytes: [UInt8], _ mediaType: MediaType) throws -> Descriptor {
    let descriptor = Descriptor.of(bytes, mediaType)
    if try has(descriptor) { return descriptor }
    let writer = try ingest(.sha256, expecting: descriptor.size)
    try bytes.withUnsafeBytes { try writer.write($0) }
    try writer.commit(as: descriptor)
    return descriptor
  }

  /// Makes a writer for a blob whose digest may be known only at the end.
  /// - Parameter size: the expected bytes, if known: a disk without that space is refused before anything is written.
  /// - Throws: `StoreError` with code `noSpace`, or `IOFailure`.
  public func ingest(_ algorithm: Digest.Algorithm = .sha256, expecting size: UInt64? = nil) throws -> BlobWriter {
    let directory = blobDirectory(algorithm)
    try Durable.makeDirectory(directory)
    if let size { try FreeSpace.require(size, at: directory) }
    return try BlobWriter(store: self, algorithm: algorithm)
  }

  /// Moves a file to its name among the blobs, durably. The caller has verified its digest.
  /// - Parameter file: a path on the file system of the layout.
  package func adopt(_ file: FilePath, as digest: Digest) throws {
    let new = try OpenFile.reading(file, followLinks: false)
    let destination = path(of: digest)
    try Durable.makeDirectory(destination.removingLastComponent())
    try new.setMode(0o444)
    try new.sync()
    // An existing file of the same size has the same bytes; one of another size is damaged and is replaced.
    if try FileStatus.find(destination)?.size == new.status().size { return try Durable.remove(file) }
    try Durable.publish(file, at: destination)
  }

  private func blobDirectory(_ algorithm: Digest.Algorithm) -> FilePath {
    algorithm == .sha256 ? sha256 : root.appending("blobs").appending(algorithm.rawValue)
  }

  private struct Marker: Codable {
    var imageLayoutVersion: String
  }
}

extension LayoutStore {
  /// The annotation that holds a tag in `index.json`.
  public static let tagAnnotation = "org.opencontainers.image.ref.name"
  /// The largest `index.json` to read or write, in bytes.
  static let indexLimit = 64 << 20

  /// Reads `index.json`.
  /// - Throws: `StoreError` with code `tooLarge`, `OCIError` when it is malformed, or `IOFailure`.
  public func index() throws -> Index.Content {
    let path = root.appending("index.json")
    let bytes = try SmallFile.read(path, limit: LayoutStore.indexLimit)
    return try CanonicalJSON.decode(Index.Content.self, from: bytes, .manifestOrIndex, subject: path.string)
  }

  /// Returns the descriptor that a tag points to, without annotations.
  /// - Throws: `StoreError` with code `notFound`.
  public func resolve(_ tag: String) async throws -> Descriptor {
    try index().resolve(tagOrOnly: tag, in: "oci:\(root)").descriptor
  }

  /// Points a tag at a document of the layout, replacing the tag's previous entry.
  /// - Throws: `StoreError` with code `notFound` when the layout does not have the document.
  public func tag(_ descriptor: Descriptor, as tag: String) async throws {
    guard try has(descriptor) else {
      throw StoreError(
        .notFound, descriptor.digest.description, reason: "not in the layout at \(root), so it cannot be tagged")
    }
    try await blocking { [self] in try list([IndexEntry(descriptor, tag: tag)]) }
  }

  /// Returns the descriptor that a tag points to, or without a tag the layout's only entry.
  /// - Throws: `StoreError` with code `notFound` when there is no such tag, or no single entry.
  public func resolve(tagOrOnly tag: String?) async throws -> Descriptor {
    try index().resolve(tagOrOnly: tag, in: "oci:\(root)").descriptor
  }

  package func write(_ content: Index.Content) throws {
    try Durable.replace(root.appending("index.json"), with: try encode(content))
  }

  /// - Throws: `StoreError` with code `tooLarge` for more bytes than are read.
  func encode(_ content: Index.Content, limit: Int = indexLimit) throws -> [UInt8] {
    let bytes = try CanonicalJSON.encode(content)
    guard bytes.count <= limit else {
      throw StoreError(
        .tooLarge, root.appending("index.json").string,
        reason: "with \(content.manifests.count) entries it would have \(bytes.count) bytes; the limit is \(limit)",
        hint: "copy into a new layout, copy fewer tags, or use --no-referrers")
    }
    return bytes
  }
}
