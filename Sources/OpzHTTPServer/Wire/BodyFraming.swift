/// Determines how a request's body ends (RFC 9112, section 6.3).
enum BodyFraming {
  /// - Parameter limit: the most bytes of a body.
  static func read(_ fields: HTTPFields, isHTTP10: Bool, limit: UInt64) throws -> Request.Framing {
    var codings: [String] = []
    var lengths: [String] = []
    for field in fields.all {
      if isSameName(field.name, "transfer-encoding") { codings.append(field.value) }
      if isSameName(field.name, "content-length") { lengths.append(field.value) }
    }
    if codings.isEmpty { return try length(lengths, limit: limit) }
    guard !isHTTP10 else { throw RequestProblem(400, "Transfer-Encoding in an HTTP/1.0 request") }
    guard lengths.isEmpty else { throw RequestProblem(400, "both Transfer-Encoding and Content-Length") }
    return try coding(codings)
  }

  private static func coding(_ values: [String]) throws -> Request.Framing {
    let codings = values.joined(separator: ",").split(separator: ",", omittingEmptySubsequences: false).map {
      String($0.filter { $0 != " " && $0 != "\t" }).lowercased()
    }
    guard codings.last == "chunked" else {
      throw RequestProblem(400, "Transfer-Encoding does not end with chunked, so the body has no end")
    }
    guard codings.filter({ $0 == "chunked" }).count == 1, !codings.contains("") else {
      throw RequestProblem(400, "Transfer-Encoding is not a list of codings with chunked exactly once")
    }
    guard codings.count == 1 else {
      throw RequestProblem(501, "the transfer coding '\(codings[0].prefix(30))' is not supported")
    }
    return .chunked
  }

  /// The framing that values of `Content-Length` say. Several are refused even if they are equal, as RFC 9110, section
  /// 8.6, allows.
  static func length(_ values: [String], limit: UInt64) throws -> Request.Framing {
    guard let text = values.first else { return .none }
    guard values.count == 1, !text.isEmpty, text.utf8.allSatisfy(isDigit) else {
      throw RequestProblem(400, "Content-Length is not a single number")
    }
    // Too many digits mean a body that is too large, not a malformed number.
    let count = UInt64(text) ?? .max
    guard count <= limit else {
      throw RequestProblem(413, "the body has more than \(limit) bytes, the limit of this server")
    }
    return count == 0 ? .none : .length(count)
  }
}
