import OpzHTTP
import OpzIO
import OpzTestKit
import Testing

@testable import OpzDistribution

@Suite struct ParsingTests {
  @Test func readsChallenges() {
    let bearer =
      #"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#
    #expect(
      Challenge.parse([bearer]) == [
        Challenge(
          scheme: "bearer",
          parameters: [
            "realm": "https://auth.example/token", "service": "registry.example", "scope": "repository:a/b:pull,push",
          ])
      ])
    #expect(Challenge.parse(["Basic"]) == [Challenge(scheme: "basic", parameters: [:])])
    #expect(Challenge.parse(["Basic realm=\"a \\\"b\\\", c\", Bearer realm=x"]).map(\.scheme) == ["basic", "bearer"])
    #expect(
      Challenge.parse(["BASIC realm=\"a\"", "bearer  realm = \"b\""]).map(\.parameters) == [
        ["realm": "a"], ["realm": "b"],
      ])
    #expect(Challenge.parse(["Negotiate abc==", "Basic realm=r"]).last?.parameters == ["realm": "r"])
    #expect(Challenge.parse(["", ",,,", "=", "\"open"]).count <= 1)
  }

  @Test(arguments: [
    (#"{"token":"a"}"#, "a", 48_000), (#"{"access_token":"a","token":""}"#, "a", 48_000),
    (#"{"token":"a","expires_in":5}"#, "a", 4000), (#"{"token":"a","expires_in":3600}"#, "a", 3_570_000),
    (#"{"token":"a","expires_in":-1}"#, "a", 48_000), (#"{"token":"a","expires_in":1e300}"#, "a", 86_370_000),
    (#"{"token":"a","expires_in":300,"issued_at":"1994-11-06T08:48:37Z"}"#, "a", 210_000),
    (#"{"token":"a","expires_in":300,"issued_at":"2999-11-06T08:48:37Z"}"#, "a", 270_000),
  ])
  func readsTokens(_ json: String, _ value: String, life: Int64) throws {
    let now = Timestamp(milliseconds: 784_111_777_000)
    let token = try Token.parse(Array(json.utf8), now: now, subject: "x")
    #expect(token.value == value)
    #expect(token.expires.milliseconds - now.milliseconds == life)
  }

  @Test(arguments: ["", "{}", #"{"token":""}"#, #"{"token":5}"#, "[]", #"{"token":"a\r\nX: y"}"#, #"{"token":"a b"}"#])
  func refusesTokens(_ json: String) {
    #expect(throws: DistributionError.self) { try Token.parse(Array(json.utf8), now: .now(), subject: "x") }
  }

  @Test func joinsScopes() {
    let scopes = Scope.union(
      [.pull("a"), .push("a"), .pull("b")] + Scope.parse("repository:a:delete registry:catalog:* x"))
    #expect(
      scopes.map(\.description) == [
        "registry:catalog:*", "repository:a:delete,pull,push", "repository:b:pull",
      ])
  }

  @Test func findsTheNextPage() {
    #expect(ReferrersPage.next([#"</v2/x?n=1>; rel="next""#]) == "/v2/x?n=1")
    #expect(ReferrersPage.next([#"</a>; rel="prev""#, "</b>;rel=next"]) == "/b")
    #expect(ReferrersPage.next(["", "<", "x>", "</a>; rel=last"]) == nil)
  }

  @Test(arguments: [
    (429, "100;w=21600", " (100 are allowed in 6 h)"), (429, "5; w=90", " (5 are allowed in 90 s)"),
    (429, "7", " (7 are allowed)"), (429, "", ""), (429, ";w=1", ""), (429, "99999999999999999999;w=1", ""),
    (429, "1;w=-1", " (1 are allowed)"), (403, "100;w=21600", ""),
  ])
  func saysTheRateLimit(_ status: Int, _ header: String, text: String) {
    let head = HTTPHead(status: status, headers: [("ratelimit-limit", header)])
    #expect(RemoteErrorResponse.rateLimit(HTTPResponse(head: head)) == text)
  }

  @Test("of several errors of a registry, all that differ are shown")
  func severalErrors() {
    func error(_ items: [String]) -> String {
      let body = "{\"errors\":[\(items.joined(separator: ","))]}"
      return RemoteErrorResponse.error(
        HTTPResponse(head: HTTPHead(status: 400), body: Array(body.utf8)), subject: "x", .known
      ).description
    }
    let digest = "{\"code\":\"DIGEST_INVALID\",\"message\":\"no such digest\"}"
    let blob = "{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"blob a is missing\"}"
    let other = "{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"blob b is missing\"}"
    let text = error([digest, blob, blob, other, "{}"])
    #expect(
      text.contains(
        "400, DIGEST_INVALID: no such digest; MANIFEST_BLOB_UNKNOWN: blob a is missing; MANIFEST_BLOB_UNKNOWN: blob b is missing"
      ), "\(text)")
    let many = error((0..<9).map { "{\"code\":\"E\($0)\"}" })
    #expect(many.contains("E0; E1; E2; E3; and 5 more"), "\(many)")
  }

  /// Nothing that a registry can say makes a parser trap.
  @Test(arguments: 0..<20)
  func survivesNonsense(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let alphabet = Array(#"aBz09 ,="\/:;?#@[]<>%.-_~&{}"#.utf8) + [0, 9, 13, 10, 0x7f, 0x80, 0xc3, 0xa9, 0xff]
    let starts = ["", "http://", "https://[", "Bearer realm=\"", "{\"token\":", "Sun, 06 Nov ", "<", "//", "bytes "]
    for _ in 0..<600 {
      let count = Int.random(in: 0...60, using: &random)
      let noise = (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
      let text = starts[Int.random(in: 0..<starts.count, using: &random)] + String(decoding: noise, as: UTF8.self)
      _ = Challenge.parse([text])
      _ = Scope.union(Scope.parse(text))
      _ = ReferrersPage.next([text])
      _ = try? Token.parse(Array(text.utf8), now: .now(), subject: "x")
      _ = RemoteErrorResponse.error(
        HTTPResponse(head: HTTPHead(status: 400), body: Array(text.utf8)), subject: "x", .known)
    }
  }
}
