internal import CArchive
package import OpzIO

/// Decompresses a gzip or zstd blob as a stream.
///
/// libarchive only decompresses here (format "raw"): the tar inside has a single parser, `TarReader`, for listing,
/// unpacking and comparing, so no two parts of opz can see different files in the same bytes.
package final class DecompressingSource: ByteSource {
  private let archive: OpaquePointer
  private let feed: Feed
  private let limits: ArchiveLimits
  private let blobSize: UInt64
  private let name: String
  private var produced: UInt64 = 0
  private var isAtEnd = false

  package init(_ blob: any Blob, _ compression: Compression, limits: ArchiveLimits, name: String) throws {
    if let problem = opz_archive_load() {
      throw ArchiveError(
        .malformed, name, reason: String(cString: problem), hint: CompressionLibraries.install)
    }
    guard let archive = archive_read_new() else {
      throw ArchiveError(.malformed, name, reason: "libarchive is out of memory")
    }
    self.archive = archive
    feed = Feed(try blob.open(at: 0))
    self.limits = limits
    blobSize = blob.size
    self.name = name
    _ = compression == .gzip ? archive_read_support_filter_gzip(archive) : archive_read_support_filter_zstd(archive)
    archive_read_support_format_raw(archive)
    archive_read_support_format_empty(archive)
    let client = Unmanaged.passUnretained(feed).toOpaque()
    let opened = archive_read_open2(archive, client, nil, { Feed.read($0, $1, result: $2) }, nil, nil)
    try check(opened)
    try checkFilters(compression)
    try openRaw()
  }

  deinit { archive_read_free(archive) }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !isAtEnd, buffer.count > 0 else { return 0 }
    let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
    guard count >= 0 else { throw failure() }
    if count == 0 {
      try end()
      return 0
    }
    produced += UInt64(count)
    let consumed = max(1, feed.consumed)
    guard produced < ArchiveLimits.ratioFloor || produced / consumed <= limits.ratio else {
      throw ArchiveError(
        .overLimit, name, reason: "it unpacks to more than \(limits.ratio) times its size",
        hint: "this may be a decompression bomb; raise the limit only for a layer that you made")
    }
    return count
  }

  /// libarchive would also decompress gzip inside gzip, which container runtimes do not.
  private func checkFilters(_ compression: Compression) throws {
    let wanted = compression == .gzip ? ARCHIVE_FILTER_GZIP : ARCHIVE_FILTER_ZSTD
    guard archive_filter_count(archive) == 2, archive_filter_code(archive, 0) == wanted else {
      throw ArchiveError(
        .malformed, name, reason: "the bytes are not \(compression.rawValue), or compressed more than once")
    }
  }

  private func openRaw() throws {
    var entry: OpaquePointer?
    let result = archive_read_next_header(archive, &entry)
    if result == ARCHIVE_EOF { return try end() }
    try check(result)
  }

  /// libarchive silently stops at bytes after the compressed data, which other readers treat as an error or as more
  /// data.
  private func end() throws {
    isAtEnd = true
    if let error = feed.error { throw error }
    let used = archive_filter_bytes(archive, -1)
    guard used >= 0, UInt64(used) == blobSize else {
      throw ArchiveError(.malformed, name, reason: "the compressed data end after \(used) of \(blobSize) bytes")
    }
  }

  private func check(_ result: Int32) throws {
    if result != ARCHIVE_OK { throw failure() }
  }

  private func failure() -> any Error {
    if let error = feed.error { return error }
    let text = archive_error_string(archive).map { String(cString: $0) } ?? "the compressed data are damaged"
    return ArchiveError(.malformed, name, reason: text)
  }
}

/// Supplies libarchive with the compressed bytes.
private final class Feed {
  private let source: any ByteSource
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 4096)
  private(set) var consumed: UInt64 = 0
  private(set) var error: (any Error)?

  init(_ source: any ByteSource) { self.source = source }

  deinit { buffer.deallocate() }

  static func read(
    _ archive: OpaquePointer?, _ client: UnsafeMutableRawPointer?, result: UnsafeMutablePointer<UnsafeRawPointer?>?
  ) -> Int {
    guard let client, let result else { return -1 }
    let feed = Unmanaged<Feed>.fromOpaque(client).takeUnretainedValue()
    result.pointee = UnsafeRawPointer(feed.buffer.baseAddress)
    return feed.refill()
  }

  private func refill() -> Int {
    do {
      let count = try source.read(into: buffer)
      consumed += UInt64(count)
      return count
    } catch {
      self.error = error
      return -1
    }
  }
}
