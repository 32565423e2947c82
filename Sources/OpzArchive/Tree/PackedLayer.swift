public import OpzIO
public import OpzOCI

/// A layer as it is stored, to be read.
public struct PackedLayer: Sendable {
  public let blob: any Blob
  public let compression: Compression
  /// The digest that the uncompressed tar has to have. Nil: not checked.
  public let diffID: Digest?
  /// For messages: `layer sha256:3f2a..`.
  public let name: String

  public init(_ blob: any Blob, _ compression: Compression, diffID: Digest? = nil, name: String = "layer") {
    self.blob = blob
    self.compression = compression
    self.diffID = diffID
    self.name = name
  }

  /// The layer that a manifest's descriptor announces.
  /// - Throws: `ArchiveError` with code `unsupported` when its media type is not a tar that opz reads.
  public init(_ descriptor: Descriptor, _ blob: any Blob, diffID: Digest? = nil) throws {
    let name = "layer \(descriptor.digest.short)"
    guard let compression = Compression(layer: descriptor.mediaType) else {
      throw ArchiveError(.unsupported, name, "\(descriptor.mediaType) is not a tar that opz reads")
    }
    self.init(blob, compression, diffID: diffID, name: name)
  }

  /// Hands the bytes of the uncompressed tar to `body`, piece by piece.
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

  /// Hands the names of the tar to `body`, in their order, with the reader at each one's content. Where there is a diffID, all bytes are read and
  /// compared with it at the end.
  /// - Throws: `ArchiveError` for a layer that is damaged, unsafe, over a limit, or another one.
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
        throw ArchiveError(.overLimit, name, "it holds more than \(limits.totalBytes) bytes")
      }
      try body(header, reader)
    }
    try LayerStack.check(stream, self)
  }

  /// The names alone.
  public func forEachName(
    limits: ArchiveLimits = ArchiveLimits(), _ body: (LayerName) throws -> Void
  ) throws {
    try forEachHeader(limits: limits) { header, _ in try body(LayerName(header)) }
  }

  /// The bytes of the tar.
  func open(_ limits: ArchiveLimits) throws -> TarStream {
    switch compression {
    case .none: TarStream(try PlainSource(blob), name: name)
    case .gzip, .zstd: TarStream(try DecompressingSource(blob, compression, limits, name: name), name: name)
    }
  }
}

/// An uncompressed blob, in which bytes can be passed over without reading them.
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
