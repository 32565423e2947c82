package import OpzHTTPServer

/// The head of a request to a registry.
package struct HubRequest: Sendable {
  package var method: String
  /// The path with its query, not decoded.
  package let target: String
  package let path: String
  package let query: Query
  package var headers: HTTPFields
  /// The announced size of the body in bytes, if any.
  package let length: UInt64?
  let hasBody: Bool
  let route: Route
  package let kind: RequestKind
  private let authority: String?

  /// Reads the head of a request.
  package init(_ head: Request) {
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
  package func header(_ name: String) -> String? { headers.first(name) }

  /// `HOST:PORT` by which the client addresses the hub; loopback if it does not say.
  package var host: String {
    guard let authority, authority.utf8.allSatisfy({ !"/\\\"<>".utf8.contains($0) }) else { return "127.0.0.1" }
    return authority
  }
}
