internal import CArchive
internal import CZlib
public import OpzIO

/// Decompresses a file as a stream, as far as possible.
///
/// It is lenient where layer reading is strict: programs that load a file while decompressing it have already used
/// what comes before the damage.
public final class UnpackingSource: ByteSource {
  private var source: any ByteSource
  private let blob: any Blob
  private let name: String
  /// Where the stream begins that is read now, and which one it is.
  private var offset: UInt64
  private var streams = 1

  /// Opens a compressed file.
  /// - Parameters:
  ///   - blob: the whole file.
  ///   - candidate: the format, and where the compressed data start.
  ///   - name: the file's name in errors.
  /// - Throws: `ArchiveError` when the library for the format is missing, or what opening the blob throws. Damage is
  ///   reported by `read`.
  public init(_ blob: any Blob, _ candidate: StreamFormat.Candidate, name: String) throws {
    self.blob = blob
    self.name = name
    offset = candidate.offset
    source = try UnpackingSource.open(blob, candidate, name: name)
  }

  private static func open(
    _ blob: any Blob, _ candidate: StreamFormat.Candidate, name: String
  ) throws -> any ByteSource {
    try stream(try blob.open(at: candidate.offset), candidate.format, name: name)
  }

  /// Decompresses what can be read only once, such as standard input. Of LZMA, only the first stream is read.
  /// - Throws: as `init`.
  public static func stream(
    _ packed: any ByteSource, _ format: StreamFormat, name: String
  ) throws -> any ByteSource {
    let feed = PositionedFeed(packed)
    switch format {
    case .gzip: return try ZlibSource(feed, window: 31, name: name)
    case .zlib: return try ZlibSource(feed, window: 15, name: name)
    default: return try FilteredSource(feed, format, name: name)
    }
  }

  /// Reads up to `buffer.count` decompressed bytes.
  /// - Returns: the number of bytes read; 0 at the end.
  /// - Throws: `ArchiveError` with code `malformed` for damaged or truncated data, after all bytes before it.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !buffer.isEmpty else { return 0 }
    while true {
      let count = try source.read(into: buffer)
      guard count == 0, let next = try following() else { return count }
      streams += 1
      guard streams <= LZMAStreams.most else {
        throw ArchiveError(.overLimit, name, reason: "it has more than \(LZMAStreams.most) LZMA streams")
      }
      offset = next.offset
      source = try UnpackingSource.open(blob, next, name: name)
    }
  }

  /// The LZMA stream behind the one that ended. What follows the streams of other formats, their libraries read themselves.
  private func following() throws -> StreamFormat.Candidate? {
    guard let ended = source as? FilteredSource, let consumed = ended.consumed else { return nil }
    return try LZMAStreams.next(in: blob, from: offset + consumed)
  }
}

/// Compressed bytes, buffered.
private final class PositionedFeed {
  private let source: any ByteSource
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 4096)
  private(set) var error: (any Error)?
  /// Applied to the first bytes that are read.
  var change: ((UnsafeMutableRawBufferPointer) -> Void)?

  init(_ source: any ByteSource) { self.source = source }

  deinit { buffer.deallocate() }

  /// Refills the buffer; returns 0 at the end.
  func refill() throws -> Int {
    do {
      let count = try source.read(into: buffer)
      change?(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
      change = nil
      return count
    } catch {
      self.error = error
      throw error
    }
  }
}

/// Consecutive gzip members, as `gzip` and Python's module read them, or one zlib stream.
private final class ZlibSource: ByteSource {
  private let feed: PositionedFeed
  private let name: String
  private let isGzip: Bool
  // zlib keeps the stream's address, so it must not move.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private var isAtEnd = false
  private var betweenMembers = false

  init(_ feed: PositionedFeed, window: Int32, name: String) throws {
    self.feed = feed
    self.name = name
    isGzip = window > 15
    stream.initialize(to: z_stream())
    guard opz_inflate_init(stream, window) == Z_OK else {
      throw ArchiveError(.unsupported, name, reason: "zlib is out of memory")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    // zlib counts in 32 bits.
    let wanted = min(buffer.count, 1 << 30)
    stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_out = uInt(wanted)
    while !isAtEnd {
      let hasMore = try refill()
      if betweenMembers, try !beginMember(hasMore) { return 0 }
      let result = inflate(stream, Z_NO_FLUSH)
      let count = wanted - Int(stream.pointee.avail_out)
      switch result {
      case Z_STREAM_END:
        if isGzip { betweenMembers = true } else { isAtEnd = true }
        if count > 0 { return count }
      case Z_OK, Z_BUF_ERROR:
        if count > 0 { return count }
        guard hasMore else { throw ArchiveError(.malformed, name, reason: "its compressed data are cut short") }
      default:
        isAtEnd = true
        if count > 0 { damage = "its compressed data are damaged" } else { throw damaged() }
        return count
      }
    }
    if damage != nil { throw damaged() }
    return 0
  }

  private var damage: String?

  private func damaged() -> ArchiveError {
    damage = nil
    return ArchiveError(.malformed, name, reason: "its compressed data are damaged")
  }

  /// A member is followed by another one, by zeros that pad a block, or by the end.
  private func beginMember(_ hasMore: Bool) throws -> Bool {
    while stream.pointee.avail_in > 0, stream.pointee.next_in?.pointee == 0 {
      stream.pointee.next_in += 1
      stream.pointee.avail_in -= 1
      if stream.pointee.avail_in == 0 { _ = try refill() }
    }
    guard hasMore, stream.pointee.avail_in > 0 else {
      isAtEnd = true
      return false
    }
    betweenMembers = false
    guard inflateReset(stream) == Z_OK else { throw damaged() }
    return true
  }

  /// Refills the input if it is used up; false when there is none left.
  private func refill() throws -> Bool {
    guard stream.pointee.avail_in == 0 else { return true }
    let count = try feed.refill()
    stream.pointee.next_in = feed.buffer.baseAddress?.assumingMemoryBound(to: Bytef.self)
    stream.pointee.avail_in = uInt(count)
    return count > 0
  }
}

/// The formats that libarchive decompresses.
private final class FilteredSource: ByteSource {
  private let archive: OpaquePointer
  private let feed: PositionedFeed
  private let format: StreamFormat
  private let name: String
  private var isAtEnd = false

  init(_ feed: PositionedFeed, _ format: StreamFormat, name: String) throws {
    self.format = format
    if let problem = opz_archive_load() {
      throw ArchiveError(
        .unsupported, name, reason: String(cString: problem), hint: CompressionLibraries.install)
    }
    guard let archive = archive_read_new() else {
      throw ArchiveError(.unsupported, name, reason: "libarchive is out of memory")
    }
    self.archive = archive
    self.feed = feed
    self.name = name
    if format == .lzma { feed.change = LZMAStreams.limitDictionary }
    _ = FilteredSource.support(format, archive)
    archive_read_support_format_raw(archive)
    archive_read_support_format_empty(archive)
  }

  deinit { archive_read_free(archive) }

  private static func support(_ format: StreamFormat, _ archive: OpaquePointer) -> Int32 {
    switch format {
    case .gzip, .zlib: archive_read_support_filter_gzip(archive)
    case .bzip2: archive_read_support_filter_bzip2(archive)
    case .xz: archive_read_support_filter_xz(archive)
    // libarchive takes fewer headers for LZMA's than liblzma and Python do, unless it is told.
    case .lzma: archive_read_append_filter(archive, ARCHIVE_FILTER_LZMA)
    case .zstd: archive_read_support_filter_zstd(archive)
    case .lz4: archive_read_support_filter_lz4(archive)
    case .lzip: archive_read_support_filter_lzip(archive)
    case .compress: archive_read_support_filter_compress(archive)
    }
  }

  private var isOpen = false

  /// How many compressed bytes the stream had; nil before its end, and for formats whose streams libarchive reads one after the other.
  var consumed: UInt64? {
    guard isAtEnd, format == .lzma else { return nil }
    let count = archive_filter_bytes(archive, -1)
    return count > 0 ? UInt64(count) : nil
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if !isOpen { try open() }
    guard !isAtEnd else { return 0 }
    let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
    guard count >= 0 else { throw failure() }
    if count == 0 { isAtEnd = true }
    return count
  }

  private func open() throws {
    isOpen = true
    let client = Unmanaged.passUnretained(feed).toOpaque()
    let opened = archive_read_open2(
      archive, client, nil,
      { _, client, result in
        guard let client, let result else { return -1 }
        let feed = Unmanaged<PositionedFeed>.fromOpaque(client).takeUnretainedValue()
        result.pointee = UnsafeRawPointer(feed.buffer.baseAddress)
        return (try? feed.refill()) ?? -1
      }, nil, nil)
    guard opened == ARCHIVE_OK else { throw failure() }
    guard archive_filter_count(archive) >= 2 else {
      throw ArchiveError(.malformed, name, reason: "its header does not allow unpacking")
    }
    var entry: OpaquePointer?
    let result = archive_read_next_header(archive, &entry)
    if result == ARCHIVE_EOF { isAtEnd = true } else if result != ARCHIVE_OK { throw failure() }
  }

  private func failure() -> any Error {
    isAtEnd = true
    if let error = feed.error { return error }
    let text = archive_error_string(archive).map { String(cString: $0) } ?? "the compressed data are damaged"
    return ArchiveError(.malformed, name, reason: text)
  }
}
