public import OpzIO
public import OpzOCI

/// A stored layer that can be read.
public struct StoredLayer: Sendable {
  public let blob: any Blob
  public let compression: Compression
  /// The expected digest of the uncompressed tar; nil skips the check.
  public let diffID: Digest?
  /// The layer's name in messages: `layer 3f2a..`.
  public let name: String

  /// Describes a stored layer. Nothing is read yet.
  public init(_ blob: any Blob, _ compression: Compression, diffID: Digest? = nil, name: String = "layer") {
    self.blob = blob
    self.compression = compression
    self.diffID = diffID
    self.name = name
  }

  /// Describes the layer that a manifest's descriptor announces.
  /// - Throws: `ArchiveError` with code `unsupported` when its media type is not a tar that opz reads.
  public init(_ descriptor: Descriptor, _ blob: any Blob, diffID: Digest? = nil) throws {
    let name = "layer \(descriptor.digest.short)"
    guard let compression = Compression(layer: descriptor.mediaType) else {
      throw ArchiveError(.unsupported, name, reason: "\(descriptor.mediaType) is not a tar that opz reads")
    }
    self.init(blob, compression, diffID: diffID, name: name)
  }

  /// Passes the bytes of the uncompressed tar to `body`, in pieces of up to 256 KiB. The diffID is not verified.
  /// - Throws: `ArchiveError` for damaged or oversized data, or what the blob or `body` throws.
  public func forEachTarChunk(
    limits: ArchiveLimits = ArchiveLimits(), _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let stream = try open(limits)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = try stream.read(into: buffer)
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// Passes the entries of the tar to `body`, in order, with the reader positioned at each one's content. If there is
  /// a diffID, all bytes are read and it is verified at the end.
  /// - Throws: `ArchiveError` for a layer that is damaged, unsafe, over a limit, or has another diffID.
  public func forEachHeader(
    limits: ArchiveLimits = ArchiveLimits(), _ body: (TarHeader, TarReader) throws -> Void
  ) throws {
    let stream = try open(limits)
    if diffID != nil { stream.beginHashing() }
    let reader = TarReader(stream, name: name, limits: limits)
    var total: UInt64 = 0
    while let header = try reader.next() {
      total &+= header.size
      guard total <= limits.totalBytes else {
        throw ArchiveError(.overLimit, name, reason: "it holds more than \(limits.totalBytes) bytes")
      }
      try body(header, reader)
    }
    try LayerStack.check(stream, self)
  }

  /// Passes the names in the tar to `body`, in order, without content.
  /// - Throws: as `forEachHeader`.
  public func forEachName(
    limits: ArchiveLimits = ArchiveLimits(), _ body: (LayerName) throws -> Void
  ) throws {
    try forEachHeader(limits: limits) { header, _ in try body(LayerName(header)) }
  }

  /// Opens the uncompressed tar.
  func open(_ limits: ArchiveLimits) throws -> TarStream {
    switch compression {
    case .none: TarStream(try PlainSource(blob), name: name)
    case .gzip, .zstd: TarStream(try DecompressingSource(blob, compression, limits: limits, name: name), name: name)
    }
  }
}

/// An uncompressed blob, in which bytes can be skipped without reading them.
final class PlainSource: SkippingSource {
  private let blob: any Blob
  private var source: any ByteSource
  private var offset: UInt64 = 0

  init(_ blob: any Blob) throws {
    self.blob = blob
    source = try blob.open(at: 0)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try source.read(into: buffer)
    offset += UInt64(count)
    return count
  }

  func skip(_ count: UInt64) throws -> Bool {
    let (target, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, target <= blob.size else { return false }
    source = try blob.open(at: target)
    offset = target
    return true
  }
}
