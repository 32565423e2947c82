/// The status and the headers of an answer.
struct HTTPHead: Sendable {
  var status = 0
  /// In the order in which they came; names in lower case.
  var headers: [(name: String, value: String)] = []

  /// The first value of a header.
  subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

  func all(_ name: String) -> [String] { headers.lazy.filter { $0.name == name }.map(\.value) }

  var isSuccess: Bool { (200..<300).contains(status) }
}

/// A whole answer, or the head of one whose body is still on its way.
struct HTTPResponse: Sendable {
  var head: HTTPHead
  var body: [UInt8] = []
  /// Who answered, after redirects.
  var address: WebAddress?
  /// The body of a 2xx answer to a streamed request.
  var reader: BodyReader?

  var status: Int { head.status }
  subscript(name: String) -> String? { head[name] }
}
