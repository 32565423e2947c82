/// The status and headers of a response.
struct HTTPHead: Sendable {
  var status = 0
  /// In order of arrival, with names in lower case.
  var headers: [(name: String, value: String)] = []

  /// The first header with this name, which must be in lower case.
  subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

  func all(_ name: String) -> [String] { headers.lazy.filter { $0.name == name }.map(\.value) }

  var isSuccess: Bool { (200..<300).contains(status) }
}

/// A complete response, or the head of one whose body is still arriving.
struct HTTPResponse: Sendable {
  var head: HTTPHead
  var body: [UInt8] = []
  /// The address that responded, after redirects.
  var address: WebAddress?
  /// The body of a 2xx response to a streamed request.
  var reader: BodyReader?

  var status: Int { head.status }
  subscript(name: String) -> String? { head[name] }
}
