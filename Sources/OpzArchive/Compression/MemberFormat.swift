internal import CDeflate
internal import CZstd
import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Compression formats whose streams may be concatenated, so that blocks can be compressed independently.
public enum MemberFormat: Sendable, CaseIterable {
  case gzip, zstd

  /// Input bytes per member.
  static let input = 1 << 20

  private static let gzipLevel: Int32 = 6
  private static let zstdLevel: Int32 = 6

  /// Identifies everything besides the input that the output depends on.
  var identity: String {
    switch self {
    case .gzip: "libdeflate \(LIBDEFLATE_VERSION_STRING) level \(MemberFormat.gzipLevel) members 1MiB"
    case .zstd: "zstd \(String(cString: ZSTD_versionString())) level \(MemberFormat.zstdLevel) frames 1MiB"
    }
  }

  /// The largest possible size of a compressed block, in bytes.
  var bound: Int {
    switch self {
    case .gzip: libdeflate_gzip_compress_bound(nil, MemberFormat.input)
    case .zstd: ZSTD_compressBound(MemberFormat.input)
    }
  }

  func compressor() throws -> any MemberCompressor {
    switch self {
    case .gzip: try DeflateCompressor(level: MemberFormat.gzipLevel)
    case .zstd: try ZstdCompressor(level: MemberFormat.zstdLevel)
    }
  }
}

/// Compresses members on one thread.
protocol MemberCompressor: AnyObject {
  /// Compresses `count` bytes of `input` into `output` and returns the compressed size.
  func compress(
    _ input: UnsafeMutableRawBufferPointer, _ count: Int, output: UnsafeMutableRawBufferPointer
  ) throws -> Int
}

private final class DeflateCompressor: MemberCompressor {
  private let handle: OpaquePointer

  init(level: Int32) throws {
    guard let handle = libdeflate_alloc_compressor(level) else {
      throw IOFailure(errno: ENOMEM, operation: "libdeflate_alloc_compressor", path: "")
    }
    self.handle = handle
  }

  deinit { libdeflate_free_compressor(handle) }

  func compress(
    _ input: UnsafeMutableRawBufferPointer, _ count: Int, output: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    let size = libdeflate_gzip_compress(handle, input.baseAddress, count, output.baseAddress, output.count)
    guard size > 0 else { throw IOFailure("libdeflate did not compress a block of \(count) bytes", path: "") }
    return size
  }
}

private final class ZstdCompressor: MemberCompressor {
  private let handle: OpaquePointer

  init(level: Int32) throws {
    guard let handle = ZSTD_createCCtx() else {
      throw IOFailure(errno: ENOMEM, operation: "ZSTD_createCCtx", path: "")
    }
    self.handle = handle
    _ = ZSTD_CCtx_setParameter(handle, ZSTD_c_compressionLevel, level)
    _ = ZSTD_CCtx_setParameter(handle, ZSTD_c_checksumFlag, 1)
  }

  deinit { ZSTD_freeCCtx(handle) }

  func compress(
    _ input: UnsafeMutableRawBufferPointer, _ count: Int, output: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    let size = ZSTD_compress2(handle, output.baseAddress, output.count, input.baseAddress, count)
    guard ZSTD_isError(size) == 0 else {
      throw IOFailure(
        "zstd did not compress a block of \(count) bytes: \(String(cString: ZSTD_getErrorName(size)))", path: "")
    }
    return size
  }
}
