import CDeflate

/// A body's content coding (RFC 9110, section 8.4.1).
package enum ContentCoding: Sendable {
  case gzip, deflate

  /// The coding of a `Content-Encoding`; nil for a body as it is.
  /// - Throws: `RequestFailure` with 415 for another coding.
  package static func of(_ field: String?) throws -> ContentCoding? {
    switch field?.lowercased() {
    case nil, "identity", "": nil
    case "gzip", "x-gzip": .gzip
    case "deflate": .deflate
    case .some(let other):
      throw RequestFailure(
        415, "the content encoding '\(other.prefix(50))' is not supported: use gzip, deflate or none",
        leavesBody: true)
    }
  }

  /// Decodes a body into a buffer.
  /// - Parameter capacity: bytes of the buffer.
  /// - Returns: nil where the buffer is too small.
  /// - Throws: `RequestFailure` with 400 for a body that is not of this coding.
  package func decode(_ body: [UInt8], capacity: Int) throws -> [UInt8]? {
    guard let decompressor = libdeflate_alloc_decompressor() else { throw RequestFailure(503, "out of memory") }
    defer { libdeflate_free_decompressor(decompressor) }
    let (status, bytes) = decode(body, capacity, decompressor: decompressor)
    switch status {
    case LIBDEFLATE_SUCCESS: return bytes
    case LIBDEFLATE_INSUFFICIENT_SPACE: return nil
    default: throw RequestFailure.bad("the body is not valid \(self == .gzip ? "gzip" : "deflate")")
    }
  }

  private func decode(_ body: [UInt8], _ capacity: Int, decompressor: OpaquePointer) -> (libdeflate_result, [UInt8]) {
    var status = LIBDEFLATE_BAD_DATA
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
      var count = 0
      switch self {
      case .gzip: status = members(body, buffer, count: &count, decompressor: decompressor)
      case .deflate:
        // "deflate" is the zlib format, but some clients send the bare stream.
        status = libdeflate_zlib_decompress(
          decompressor, body, body.count, buffer.baseAddress, buffer.count, &count)
        if status == LIBDEFLATE_BAD_DATA {
          status = libdeflate_deflate_decompress(
            decompressor, body, body.count, buffer.baseAddress, buffer.count, &count)
        }
      }
      filled = status == LIBDEFLATE_SUCCESS ? count : 0
    }
    return (status, bytes)
  }

  /// A gzip file is any number of members (RFC 1952, section 2.2).
  private func members(
    _ body: [UInt8], _ buffer: UnsafeMutableBufferPointer<UInt8>, count: inout Int, decompressor: OpaquePointer
  ) -> libdeflate_result {
    body.withUnsafeBytes { input in
      var position = 0
      repeat {
        var (read, written) = (0, 0)
        let status = libdeflate_gzip_decompress_ex(
          decompressor, input.baseAddress.map { $0 + position }, input.count - position,
          buffer.baseAddress.map { $0 + count }, buffer.count - count, &read, &written)
        guard status == LIBDEFLATE_SUCCESS, read > 0 else {
          return status == LIBDEFLATE_SUCCESS ? LIBDEFLATE_BAD_DATA : status
        }
        position += read
        count += written
      } while position < input.count
      return LIBDEFLATE_SUCCESS
    }
  }
}
