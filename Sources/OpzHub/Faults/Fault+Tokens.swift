import OpzHTTPServer
import OpzIO
import OpzJSON
import OpzOCI

extension Fault {
  /// Faults that return invalid tokens. They affect the token server, which a personality or `tokenSeconds` enables,
  /// unless the rule names another request kind.
  static let tokens: [Fault] = [
    token("token-truncated", "half of the token's JSON") { response in response.shorten(to: response.body.count / 2) },
    token("token-expired", "an expired token") { response in
      response.body = .bytes(Array(#"{"token":"expired","expires_in":300,"issued_at":"2020-01-01T00:00:00Z"}"#.utf8))
    },
    token("token-skewed", "a token issued tomorrow by the server's clock") { response in
      let tomorrow = Timestamp(milliseconds: Timestamp.now().milliseconds + 86_400_000)
      response.replaceJSON("issued_at", .string(tomorrow.seconds))
    },
    token("token-negative", "a token that is valid for -1 seconds") { response in
      response.replaceJSON("expires_in", .integer(-1))
    },
    token("token-endless", "a token that is valid for 2^63 - 1 seconds") { response in
      response.replaceJSON("expires_in", .integer(.max))
    },
    token("token-empty", "an empty token") { response in response.replaceJSON("token", .string("")) },
    token("token-header", "a token with a line break that would inject a header") { response in
      response.replaceJSON("token", .string("a\r\nX-Injected: 1"))
    },
    token("token-huge", "a token of 8 MiB") { response in
      response.replaceJSON("token", .string(String(repeating: "a", count: 8 << 20)))
    },
    token("token-page", "an HTML page instead of a token") { response in
      response = .page(200, "Please log in", server: "captive")
    },
  ]

  private static func token(_ name: String, _ summary: String, change: @escaping @Sendable (inout Response) -> Void)
    -> Fault
  {
    Fault(name, summary, stage: .after, kind: .token, effect: .change { response, _, _ in change(&response) })
  }
}

extension Response {
  fileprivate mutating func replaceJSON(_ key: String, _ value: JSONValue) {
    guard let bytes = small,
      var members = try? CanonicalJSON.decode([String: JSONValue].self, from: bytes, subject: ""),
      members[key] != nil
    else { return }
    members[key] = value
    body = .bytes((try? CanonicalJSON.encode(members)) ?? [])
  }
}
