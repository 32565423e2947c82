import NIOHPACK
import OpzIO

/// The fields of HTTP/2 messages (RFC 9113, section 8.3).
enum HTTP2Head {
  /// The request of some fields, whose form NIOHTTP2 has checked.
  /// - Parameter isEnd: no body follows.
  /// - Throws: `RequestProblem`.
  static func request(_ headers: HPACKHeaders, isEnd: Bool, _ limits: HTTPServerLimits) throws -> Request {
    var method, path, authority: String?
    var fields = HTTPFields()
    for field in headers {
      guard field.name.utf8.first == UInt8(ascii: ":") else {
        fields.append(field.name, field.value)
        continue
      }
      switch field.name {
      case ":method": method = field.value
      case ":path": path = field.value
      case ":authority": authority = field.value
      default: break
      }
    }
    guard fields.all.count <= limits.fields else { throw RequestProblem(431, "more than \(limits.fields) fields") }
    guard let method, let path else { throw RequestProblem(400, "the request has no method or no path") }
    let host = authority ?? fields.first("host")
    guard path.utf8.first == UInt8(ascii: "/") || path == "*" else {
      throw RequestProblem(400, "the path does not begin with /")
    }
    let target = try RequestTarget(path, method: method, host: host)
    return Request(
      method: method, target: target.origin, fields: fields, host: target.host,
      framing: try framing(fields, isEnd: isEnd, limits), isHTTP10: false, keepsAlive: true, isHTTP2: true)
  }

  private static func framing(_ fields: HTTPFields, isEnd: Bool, _ limits: HTTPServerLimits) throws -> Request.Framing {
    guard !isEnd else { return .none }
    let lengths = fields.values("content-length")
    return lengths.isEmpty ? .chunked : try BodyFraming.length(lengths, limit: limits.bodyBytes)
  }

  /// The fields of a response.
  static func response(_ response: Response) -> HPACKHeaders {
    var headers = HPACKHeaders()
    headers.reserveCapacity(response.headers.count + 3)
    headers.add(name: ":status", value: "\(response.status)")
    for (name, value) in response.headers {
      let name = name.lowercased()
      // What belongs to one connection has no place here (RFC 9113, section 8.2.2).
      guard name != "connection", name != "transfer-encoding", name != "keep-alive" else { continue }
      headers.add(name: name, value: value)
    }
    if response.mayHaveBody, response.stream == nil, response.trailers == nil,
      headers.first(name: "grpc-status") == nil,
      headers.first(name: "content-length") == nil
    {
      headers.add(name: "content-length", value: "\(response.body.count)")
    }
    headers.add(name: "date", value: HTTPDate.now())
    return headers
  }

  static func trailers(_ fields: [(name: String, value: String)]) -> HPACKHeaders {
    HPACKHeaders(fields.map { ($0.name.lowercased(), $0.value) })
  }
}
