public import OpzIO
import OpzJSON
public import OpzOCI
public import SystemPackage

/// An OCI image layout on disk (OCI image-spec, image-layout.md): `oci-layout`, `index.json`, `blobs/<alg>/<hex>`.
///
/// A blob is written to a temporary name in its own directory, hashed on the way, synced, made read-only and renamed; so a
/// blob that has its name is whole. `index.json` is rewritten under a lock on the layout's directory.
public struct LayoutStore: ContentStore, TagStore {
  public let root: FilePath
  /// Where most blobs are: an audit asks for a million of them.
  private let sha256: FilePath
  /// Where blobs wait for their names; nil where each gets it at once.
  let waiting: WaitingBlobs?

  /// Opens a layout, making one where nothing is.
  /// - Throws: `StoreError.badLayout` when the directory holds something else.
  public static func create(_ root: FilePath) throws -> LayoutStore {
    let store = LayoutStore(unchecked: root)
    if try FileStatus.find(root.appending("oci-layout")) != nil { return try open(root) }
    if try FileStatus.find(root) != nil, try !Directory.entries(root).isEmpty {
      throw StoreError(
        .badLayout, root.string, "the directory is not empty and has no oci-layout file",
        hint: "name an empty or a new directory")
    }
    try store.prepare()
    return store
  }

  /// Makes a layout in a directory that may hold other things too: a registry's.
  package static func prepared(_ root: FilePath) throws -> LayoutStore {
    let store = LayoutStore(unchecked: root)
    try store.prepare()
    return store
  }

  /// Opens a layout that exists.
  public static func open(_ root: FilePath) throws -> LayoutStore {
    let marker = root.appending("oci-layout")
    guard try FileStatus.find(marker) != nil else {
      throw StoreError(
        try FileStatus.find(root) == nil ? .notFound : .badLayout, root.string,
        "not an OCI image layout: no oci-layout file")
    }
    let bytes = try SmallFile.read(marker, limit: 4096)
    let version = try CanonicalJSON.decode(Marker.self, from: bytes, .layoutMarker, subject: marker.string)
      .imageLayoutVersion
    guard version == "1.0.0" else {
      throw StoreError(.badLayout, marker.string, "version \(version) of the layout is not known")
    }
    return LayoutStore(unchecked: root)
  }

  private init(unchecked root: FilePath, waiting: WaitingBlobs? = nil) {
    self.root = root
    self.waiting = waiting
    sha256 = root.appending("blobs").appending(Digest.Algorithm.sha256.rawValue)
  }

  /// Makes the directories, the marker and an empty index.
  package func prepare() throws {
    try Durable.makeDirectory(blobDirectory(.sha256))
    if try FileStatus.find(root.appending("index.json")) == nil { try write(Index.Content(manifests: [])) }
    try Durable.replace(root.appending("oci-layout"), with: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
  }

  /// Where a blob is, or would be.
  public func path(of digest: Digest) -> FilePath { blobDirectory(digest.algorithm).appending(digest.hex) }

  public func contains(_ descriptor: Descriptor) async throws -> Bool {
    let isThere = try has(descriptor)
    if isThere, descriptor.size >= LayoutStore.costlySize { settle(descriptor.digest) }
    return isThere
  }

  /// The same layout for one who puts many small blobs and can wait: they are read here as any others, but get their names, and are on the
  /// disk, only with `settle()`. What is never settled was never there.
  /// - Parameter count: so many that wait get their names by themselves: each is an open file.
  public func settlingTogether(every count: Int = .max) -> LayoutStore {
    LayoutStore(unchecked: root, waiting: WaitingBlobs(most: count))
  }

  /// Gives the blobs that wait for them their names, durably, together with other files. Then all names among the blobs are durable, those too
  /// that another process gave a moment ago.
  /// - Parameters:
  ///   - files: get their names after the blobs.
  ///   - directories: synced with those of the files.
  /// - Returns: for each of `files` whether it has its name; false where the name was taken and is left.
  @discardableResult
  public func settle(with files: [PendingFile] = [], syncing directories: [FilePath] = []) throws -> [Bool] {
    let blobs = waiting?.all ?? []
    let pending = blobs.map { PendingFile($0.file, at: path(of: $0.digest), mode: 0o444) }
    let named = try Durable.publish(pending + files, syncing: directories + [sha256])
    for (blob, isNamed) in zip(blobs, named) where !isNamed { try restore(blob) }
    waiting?.remove(blobs)
    return Array(named.dropFirst(blobs.count))
  }

  /// Another writer was first. Its bytes have the same digest, unless the disk has lost some: then ours take their place.
  private func restore(_ blob: WaitingBlobs.Blob) throws {
    let destination = path(of: blob.digest)
    guard try FileStatus.find(destination)?.size != blob.size else { return }
    try Durable.remove(destination)
    _ = try blob.file.publish(at: destination, mode: 0o444)
  }

  /// Whether a blob of the right size is there.
  public func has(_ descriptor: Descriptor) throws -> Bool {
    if let blob = waiting?.find(descriptor.digest) { return blob.size == descriptor.size }
    guard let status = try FileStatus.find(path(of: descriptor.digest)) else { return false }
    return status.kind == .file && status.size == descriptor.size
  }

  public func blob(_ descriptor: Descriptor) async throws -> any Blob { try file(descriptor) }

  /// The blob's file.
  public func file(_ descriptor: Descriptor) throws -> FileBlob {
    if waiting?.find(descriptor.digest) != nil { try settle() }
    let place = path(of: descriptor.digest)
    guard let status = try FileStatus.find(place), status.kind == .file else {
      throw StoreError(.notFound, descriptor.digest.description, "not in the store at \(root)")
    }
    guard status.size == descriptor.size else {
      throw StoreError(
        .wrongSize, place.string, "the blob has \(status.size) bytes and should have \(descriptor.size)",
        hint: "the file is damaged; opz fsck names all such files")
    }
    return FileBlob(place, size: status.size)
  }

  /// The bytes of a small blob, one that waits for its name too. They are not verified.
  /// - Throws: `StoreError.tooLarge` for more than `limit` bytes, before any is read.
  package func content(_ descriptor: Descriptor, limit: Int = Document.limit) throws -> [UInt8] {
    guard descriptor.size <= UInt64(limit) else {
      throw StoreError(
        .tooLarge, descriptor.digest.description,
        "\(descriptor.size) bytes are more than the \(limit) that are read here")
    }
    guard let blob = waiting?.find(descriptor.digest), blob.size == descriptor.size else {
      return try file(descriptor).bytes()
    }
    return try SmallFile.read(blob.file.file, limit: Int(WaitingBlobs.limit))
  }

  public func put(_ descriptor: Descriptor, from blob: any Blob) async throws {
    if try await contains(descriptor) { return }
    try await blocking {
      if blob.isCostly, blob.size >= LayoutStore.costlySize { return try fetch(descriptor, from: blob) }
      let writer = try ingest(descriptor.digest.algorithm, expecting: descriptor.size)
      try blob.forEachChunk { try writer.write($0) }
      try writer.commit(as: descriptor)
    }
  }

  /// Stores small bytes and says what they became.
  @discardableResult
  public func put(_ bytes: [UInt8], _ mediaType: MediaType) throws -> Descriptor {
    let descriptor = Descriptor.of(bytes, mediaType)
    if try has(descriptor) { return descriptor }
    let writer = try ingest(.sha256, expecting: descriptor.size)
    try bytes.withUnsafeBytes { try writer.write($0) }
    try writer.commit(as: descriptor)
    return descriptor
  }

  /// A writer for a blob whose digest is known only at the end.
  /// - Parameter size: bytes to come, where known: a disk without the room is refused before anything is written.
  public func ingest(_ algorithm: Digest.Algorithm = .sha256, expecting size: UInt64? = nil) throws -> BlobWriter {
    let directory = blobDirectory(algorithm)
    try Durable.makeDirectory(directory)
    if let size { try FreeSpace.require(size, at: directory) }
    return try BlobWriter(store: self, algorithm: algorithm)
  }

  /// Gives a file its name among the blobs, durably, in place of the one that it has. The caller has hashed it.
  /// - Parameter file: on the file system of the layout.
  package func adopt(_ file: FilePath, as digest: Digest) throws {
    let new = try OpenFile.reading(file, followLinks: false)
    let destination = path(of: digest)
    try Durable.makeDirectory(destination.removingLastComponent())
    try new.setMode(0o444)
    try new.sync()
    // A file that has the name already has the same bytes, unless the disk has lost some.
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
  /// The annotation that carries a tag in `index.json`.
  public static let tagAnnotation = "org.opencontainers.image.ref.name"
  /// Bytes that `index.json` may have, read and written.
  static let indexLimit = 64 << 20

  public func index() throws -> Index.Content {
    let path = root.appending("index.json")
    let bytes = try SmallFile.read(path, limit: LayoutStore.indexLimit)
    return try CanonicalJSON.decode(Index.Content.self, from: bytes, .manifestOrIndex, subject: path.string)
  }

  public func resolve(_ tag: String) async throws -> Descriptor {
    let found = try index().manifests.first { $0.annotations?[LayoutStore.tagAnnotation] == tag }
    guard var descriptor = found else {
      throw StoreError(.notFound, "oci:\(root):\(tag)", "no such tag in the layout")
    }
    descriptor.annotations = nil
    return descriptor
  }

  public func tag(_ descriptor: Descriptor, as tag: String) async throws {
    guard try has(descriptor) else {
      throw StoreError(.notFound, descriptor.digest.description, "not in the layout at \(root), so it cannot be tagged")
    }
    try await blocking { [self] in try list([IndexEntry(descriptor, tag: tag)]) }
  }

  /// The only image of a layout without tags, or the one that is tagged.
  public func resolve(tagOrOnly tag: String?) async throws -> Descriptor {
    if let tag { return try await resolve(tag) }
    let manifests = try index().manifests
    guard manifests.count == 1, var only = manifests.first else {
      let tags = manifests.compactMap { $0.annotations?[LayoutStore.tagAnnotation] }
      throw StoreError(
        .notFound, "oci:\(root)", "the layout holds \(manifests.count) images and no tag was named",
        hint: tags.isEmpty ? nil : "write oci:\(root):TAG; the tags are \(tags.prefix(10).joined(separator: ", "))")
    }
    only.annotations = nil
    return only
  }

  package func write(_ content: Index.Content) throws {
    try Durable.replace(root.appending("index.json"), with: try encode(content))
  }

  /// - Throws: `StoreError.tooLarge` for more than is read.
  func encode(_ content: Index.Content, limit: Int = indexLimit) throws -> [UInt8] {
    let bytes = try CanonicalJSON.encode(content)
    guard bytes.count <= limit else {
      throw StoreError(
        .tooLarge, root.appending("index.json").string,
        "with \(content.manifests.count) entries it would have \(bytes.count) bytes, and \(limit) are read",
        hint: "copy into a new layout, or take fewer tags or --no-referrers")
    }
    return bytes
  }
}
