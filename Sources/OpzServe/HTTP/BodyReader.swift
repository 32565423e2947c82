internal import HTTPTypes
internal import Hummingbird

/// Reads a request's body within the limit.
struct BodyReader {
  /// Bytes.
  let limit: Int

  /// - Parameter taken: called with the size of each piece before it is kept.
  /// - Throws: `RequestFailure` that leaves the body unread, and what `taken` throws.
  func read(_ request: Request, _ taken: (Int) throws -> Void) async throws -> [UInt8] {
    try check(request.headers)
    var bytes: [UInt8] = []
    do {
      for try await piece in request.body {
        guard piece.readableBytes <= limit - bytes.count else { throw tooLarge }
        try taken(piece.readableBytes)
        bytes.append(contentsOf: piece.readableBytesView)
      }
    } catch let failure as RequestFailure {
      throw failure
    } catch {
      // The client broke off, or sent something else than HTTP.
      throw RequestFailure(400, "the body could not be read: \(error)", leavesBody: true)
    }
    return bytes
  }

  /// What the header says already against reading the body.
  private func check(_ headers: HTTPFields) throws {
    if let binary = HTTPField.Name("inference-header-content-length"), headers[binary] != nil {
      throw RequestFailure(
        400, "binary tensor data is not supported: send the tensors as JSON (binary_data false)", leavesBody: true)
    }
    if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw RequestFailure(
        415, "the content encoding '\(encoding.prefix(50))' is not supported: send plain JSON", leavesBody: true)
    }
    if let announced = headers[.contentLength].flatMap(Int.init), announced > limit { throw tooLarge }
  }

  private var tooLarge: RequestFailure {
    RequestFailure(413, "the body has more than \(limit) bytes, the limit of this server", leavesBody: true)
  }
}
