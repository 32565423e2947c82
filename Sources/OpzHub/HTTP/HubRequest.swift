import NIOHTTP1

/// The head of a request.
struct HubRequest: Sendable {
  var method: String
  /// The path with its query, raw.
  let target: String
  let path: String
  let query: Query
  var headers: HTTPHeaders
  let route: Route
  let kind: RequestKind

  init(_ head: HTTPRequestHead) {
    method = head.method.rawValue
    target = head.uri
    let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = parts.first.map(String.init) ?? ""
    query = Query(parts.count == 2 ? parts[1] : "")
    headers = head.headers
    route = Route(path: path)
    kind = route.kind(method)
  }

  /// The first header of this name.
  func header(_ name: String) -> String? { headers.first(name: name) }

  /// Bytes of the body, where they were announced.
  var length: UInt64? { header("content-length").flatMap { UInt64($0) } }

  var hasBody: Bool { (length ?? 0) > 0 || header("transfer-encoding") != nil }

  /// `HOST:PORT` as the client calls us; loopback where it does not say.
  var host: String {
    guard let host = header("host"), !host.isEmpty,
      host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"/\\\"<>".utf8.contains($0) })
    else { return "127.0.0.1" }
    return host
  }
}
