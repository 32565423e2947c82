import OpzHTTPServer

/// The head of a request to a registry.
struct HubRequest: Sendable {
  var method: String
  /// The path with its query, not decoded.
  let target: String
  let path: String
  let query: Query
  var headers: HTTPFields
  /// The announced size of the body in bytes, if any.
  let length: UInt64?
  let hasBody: Bool
  let route: Route
  let kind: RequestKind
  private let authority: String?

  init(_ head: Request) {
    method = head.method
    target = head.target
    path = String(head.path)
    query = Query(head.query)
    headers = head.fields
    length = head.length
    hasBody = head.hasBody
    authority = head.host
    route = Route(path: path)
    kind = route.kind(method)
  }

  /// The first header of this name.
  func header(_ name: String) -> String? { headers.first(name) }

  /// `HOST:PORT` by which the client addresses the hub; loopback if it does not say.
  var host: String {
    guard let authority, authority.utf8.allSatisfy({ !"/\\\"<>".utf8.contains($0) }) else { return "127.0.0.1" }
    return authority
  }
}
