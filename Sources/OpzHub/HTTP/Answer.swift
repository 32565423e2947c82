import OpzIO
import OpzOCI
import SystemPackage

/// An answer to a request, and how it is to be put on the wire.
struct Answer: Sendable {
  enum Body: Sendable {
    case bytes([UInt8])
    case file(FilePath, from: UInt64, count: UInt64)

    var count: UInt64 {
      switch self {
      case .bytes(let bytes): UInt64(bytes.count)
      case .file(_, _, let count): count
      }
    }
  }

  var status: Int
  var headers: [(name: String, value: String)]
  var body: Body
  var delivery = Delivery()

  init(_ status: Int, _ headers: [(name: String, value: String)] = [], body: Body = .bytes([])) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  init(_ status: Int, _ headers: [(name: String, value: String)] = [], json value: some Encodable) throws {
    self.init(
      status, [("Content-Type", "application/json")] + headers, body: .bytes(try CanonicalJSON.encode(value)))
  }

  /// The first header of this name; setting it takes away all others of the name.
  subscript(_ name: String) -> String? {
    get { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
    set {
      headers.removeAll { $0.name.lowercased() == name.lowercased() }
      if let newValue { headers.append((name, newValue)) }
    }
  }

  /// `Content-Length` says so many bytes, and no body goes with 1xx, 204 and 304 (RFC 9110, section 6.4.1).
  var mayHaveBody: Bool { status != 204 && status != 304 && status >= 200 }

  var reason: String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 307: "Temporary Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 413: "Content Too Large"
    case 416: "Range Not Satisfiable"
    case 429: "Too Many Requests"
    case 500: "Internal Server Error"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    default: "Status"
    }
  }
}
