internal import HTTPTypes
internal import Hummingbird

/// Reads a request's body within the limits.
struct BodyReader {
  private let limit: Int
  private let announced: Int

  /// - Throws: `RequestFailure` for a header that says already that the body cannot be read.
  init(_ headers: HTTPFields, _ limits: ServerLimits) throws {
    limit = limits.bodyBytes
    if let binary = HTTPField.Name("inference-header-content-length"), headers[binary] != nil {
      throw RequestFailure(400, "binary tensor data is not supported: send the tensors as JSON (binary_data false)")
    }
    if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw RequestFailure(415, "the content encoding '\(encoding.prefix(50))' is not supported: send plain JSON")
    }
    announced = headers[.contentLength].flatMap(Int.init) ?? 0
    if announced > limit { throw tooLarge }
  }

  private var tooLarge: RequestFailure {
    RequestFailure(413, "the body has more than \(limit) bytes, the limit of this server")
  }

  /// - Parameter taken: called with the size of each piece before it is kept.
  func read(_ body: RequestBody, _ taken: (Int) throws -> Void) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await piece in body {
      guard piece.readableBytes <= limit - bytes.count else { throw tooLarge }
      try taken(piece.readableBytes)
      // Not more than has come: the header may lie.
      if bytes.isEmpty { bytes.reserveCapacity(min(announced, InferenceServer.inlineBytes)) }
      bytes.append(contentsOf: piece.readableBytesView)
    }
    return bytes
  }
}
