public import OpzIO
public import SystemPackage

/// The layers of an image, lowest first, read as one file system.
///
/// All calls block: make them on a dedicated thread.
public struct LayerStack: Sendable {
  public let layers: [StoredLayer]
  public let limits: ArchiveLimits

  /// Stacks the layers of an image, lowest first. Nothing is read yet.
  public init(_ layers: [StoredLayer], limits: ArchiveLimits = ArchiveLimits()) {
    self.layers = layers
    self.limits = limits
  }

  /// Reads the files that remain after all whiteouts.
  /// - Parameter digests: whether to read every byte, which hashes each file and verifies the layers' diffIDs.
  ///   Without it the content of uncompressed layers is skipped.
  /// - Throws: `ArchiveError` for layers that are damaged, unsafe or over a limit.
  public func tree(digests: Bool = true) throws -> FileTree {
    var builder = FileTreeBuilder(limits)
    for (index, layer) in layers.enumerated() {
      builder.begin(layer: index, archive: layer.name)
      let stream = try layer.open(limits)
      if digests, layer.diffID != nil { stream.beginHashing() }
      let reader = TarReader(stream, name: layer.name, limits: limits)
      while let header = try reader.next() {
        try builder.admit(header)
        let offset = reader.offset
        let digest = digests && header.kind == .file ? try LayerStack.hash(reader) : nil
        try builder.add(header, digest: digest, offset: offset)
      }
      if digests { try LayerStack.check(stream, layer) }
    }
    return builder.finished()
  }

  /// Writes the content of one file to `sink`, following links inside the image. Reads all headers first.
  /// - Returns: the file's node.
  /// - Throws: `ArchiveError` with code `notFound` when there is no such file.
  public func copy(_ path: FilePath, to sink: inout some ByteSink) throws -> FileTree.Node {
    let (node, place) = try locate(path)
    try copy(place, node, to: &sink)
    return node
  }

  /// Returns the content of one small file, following links inside the image.
  /// - Parameter limit: the most bytes to read; a larger file is refused before any memory is allocated.
  /// - Throws: `ArchiveError` with code `notFound` or `overLimit`.
  public func bytes(_ path: FilePath, limit: Int = 64 << 20) throws -> [UInt8] {
    let (node, place) = try locate(path)
    guard node.size <= UInt64(max(0, limit)) else {
      throw ArchiveError(.overLimit, path.string, reason: "it has \(node.size) bytes; the limit is \(limit)")
    }
    var sink = BytesSink()
    try copy(place, node, to: &sink)
    return sink.bytes
  }

  private func locate(_ path: FilePath) throws -> (FileTree.Node, FileTree.Place) {
    let tree = try tree(digests: false)
    guard let resolved = tree.resolve(path), let node = tree[resolved], let place = tree.places[resolved] else {
      throw ArchiveError(.notFound, path.string, reason: "there is no such file in the image")
    }
    return (node, place)
  }

  private func copy(_ place: FileTree.Place, _ node: FileTree.Node, to sink: inout some ByteSink) throws {
    let stream = try layers[place.layer].open(limits)
    try stream.skip(place.offset)
    try LayerStack.copy(stream, node.size) { try sink.write($0) }
  }

  /// Passes exactly `size` bytes to `body`, in pieces.
  static func copy(_ stream: TarStream, _ size: UInt64, body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { buffer.deallocate() }
    var rest = size
    while rest > 0 {
      let wanted = Int(min(UInt64(buffer.count), rest))
      let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
      if count == 0 { throw stream.cut() }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      rest -= UInt64(count)
    }
  }

  /// Compares the digest of a stream that was read to its end with the announced diffID.
  static func check(_ stream: TarStream, _ layer: StoredLayer) throws {
    guard let expected = layer.diffID, let found = stream.digest else { return }
    guard found == expected else {
      throw ArchiveError(
        .wrongDigest, layer.name, reason: "the tar has the digest \(found), but the image says \(expected)")
    }
  }

  private static func hash(_ reader: TarReader) throws -> Digest {
    var hasher = DigestHasher(.sha256)
    try reader.forEachChunk { hasher.update($0) }
    return hasher.finish()
  }
}

private struct BytesSink: ByteSink {
  var bytes: [UInt8] = []
  mutating func write(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
}
