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
    ("https://Registry.Example/v2/?a=b#c", "https://registry.example/v2/?a=b"), ("HTTP://h.x:80", "http://h.x/"),
    ("https://h.x:444/a//b/../c", "https://h.x:444/a//b/../c"), ("http://[::1]:5000/x", "http://[::1]:5000/x"),
    ("http://h_x.example/?", "http://h_x.example/?"), ("http://127.0.0.1:5000?x", "http://127.0.0.1:5000/?x"),
  ])
  func readsAddresses(_ text: String, _ expected: String) {
    #expect(WebAddress(text)?.description == expected)
  }

  @Test(arguments: [
    "", "x", "http:", "http://", "http:///a", "ftp://h/a", "http://u@h/", "http://u:p@h/", "http://h:0/",
    "http://h:65536/",
    "http://h:/", "http://h:1:2/", "http://h /", "http://h/ ", "http://h/\n", "http://h/\u{e9}", "http://\u{e9}/",
    "http://h\\x/",
    "http://[::1/", "http://[::1]x/", "http://[fe80::1%25eth0]/", "http://1/", "http://0x7f000001/", "http://127.1/",
    "http://256.1.1.1/", "http://01.2.3.4/", "http://h..x/", "http://.h/", "http://h%2ex/", "http://h;x/",
    "http://h:+1/",
  ])
  func refusesAddresses(_ text: String) { #expect(WebAddress(text) == nil) }

  @Test func addsToAQueryWithoutTouchingIt() throws {
    let address = try #require(WebAddress("http://h.x/a?b=%2F&c=d+e"))
    #expect(
      address.adding("digest", "sha256:ab c/").description == "http://h.x/a?b=%2F&c=d+e&digest=sha256%3Aab%20c%2F")
    #expect(address.shown == "http://h.x/a")
  }

  @Test(arguments: [
    ("10.0.0.1", true), ("127.9.9.9", true), ("172.15.0.1", false), ("172.16.0.1", true), ("172.31.0.1", true),
    ("172.32.0.1", false), ("192.168.3.4", true), ("169.254.169.254", true), ("100.64.0.1", true),
    ("100.128.0.1", false),
    ("0.0.0.0", true), ("224.0.0.1", true), ("255.255.255.255", true), ("8.8.8.8", false), ("[::1]", true),
    ("[::]", true),
    ("[fe80::1]", true), ("[fd12::1]", true), ("[2001:db8::1]", false), ("[::ffff:10.0.0.1]", true),
    ("[::ffff:8.8.8.8]", false),
    ("[64:ff9b::a00:1]", true), ("[::127.0.0.1]", true), ("[ff02::1]", true),
  ])
  func knowsPrivateAddresses(_ text: String, _ isPrivate: Bool) throws {
    #expect(try #require(IPLiteral(text)).isPrivate == isPrivate)
  }

  @Test func readsDates() {
    #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT")?.milliseconds == 784_111_777_000)
    #expect(HTTPDate.parse("Thu, 29 Feb 2024 23:59:60 GMT")?.seconds == "2024-03-01T00:00:00Z")
    #expect(HTTPDate.parse("Sun, 6 nov 1994 08:49:37 GMT")?.milliseconds == 784_111_777_000)
    for text in [
      "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 99 Nov 1994 08:49:37 GMT", "T", "--T::Z",
      "Sun, 31 Feb 2024 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
      "Sun, 06 Nov 199 08:49:37 GMT", "Sun, 006 Nov 1994 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
    ] {
      #expect(HTTPDate.parse(text) == nil, "\(text)")
    }
  }

  @Test func agreesWithTheClockOnEveryDay() {
    for day in stride(from: Int64(0), to: 60_000, by: 7) {
      guard let moment = Timestamp(seconds: day * 86_400 + 12_345) else { continue }
      #expect(HTTPDate.parse(HTTPDate.text(moment)) == moment)
    }
  }

  @Test func waitsAsAsked() {
    let now = Timestamp(milliseconds: 784_111_777_000)
    #expect(RetryPolicy.seconds(retryAfter: "120", now: now) == 120)
    #expect(RetryPolicy.seconds(retryAfter: "Sun, 06 Nov 1994 08:50:37 GMT", now: now) == 60)
    #expect(RetryPolicy.seconds(retryAfter: "Sun, 06 Nov 1994 08:00:00 GMT", now: now) == 0)
    #expect(RetryPolicy.seconds(retryAfter: "99999999999999999999999", now: now) == 1e9)
    for text in ["", "-1", "soon", "1.5", "1 2"] { #expect(RetryPolicy.seconds(retryAfter: text, now: now) == nil) }
    let policy = RetryPolicy()
    for next in 2...5 {
      let wait = policy.delay(before: next, elapsed: 0, retryAfter: nil) ?? -1
      let full = 0.5 * Double(1 << (next - 2))
      #expect(wait >= full / 2 && wait <= full)
    }
    #expect(policy.delay(before: 6, elapsed: 0, retryAfter: nil) == nil)
    #expect(policy.delay(before: 2, elapsed: 0, retryAfter: 7) == 7)
    #expect(policy.delay(before: 2, elapsed: 299.9, retryAfter: nil) == nil)
  }

  @Test(arguments: [
    (#"{"token":"a"}"#, "a", 48_000), (#"{"access_token":"a","token":""}"#, "a", 48_000),
    (#"{"token":"a","expires_in":5}"#, "a", 4000), (#"{"token":"a","expires_in":3600}"#, "a", 3_570_000),
    (#"{"token":"a","expires_in":-1}"#, "a", 48_000), (#"{"token":"a","expires_in":1e300}"#, "a", 86_370_000),
    (#"{"token":"a","expires_in":300,"issued_at":"1994-11-06T08:48:37Z"}"#, "a", 210_000),
    (#"{"token":"a","expires_in":300,"issued_at":"2999-11-06T08:48:37Z"}"#, "a", 270_000),
  ])
  func readsTokens(_ json: String, _ value: String, _ life: Int64) throws {
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

  @Test func headersHaveLimits() {
    var collector = HeaderCollector()
    func take(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes { collector.take($0) } }
    #expect(take("HTTP/1.1 100 Continue\r\n") && take("\r\n") && !collector.isComplete)
    #expect(take("HTTP/2 401 \r\n") && take("WWW-Authenticate:  Basic \r\n") && take("broken\r\n") && take("\r\n"))
    #expect(collector.isComplete && collector.head.status == 401)
    #expect(collector.head["www-authenticate"] == "Basic")
    #expect(!take("X: " + String(repeating: "y", count: 70_000)))
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
      if let address = WebAddress(text) {
        #expect(WebAddress(address.description) == address, "\(text.debugDescription)")
        _ = address.resolving(text)
      }
      _ = HTTPDate.parse(text)
      _ = RetryPolicy.seconds(retryAfter: text, now: .now())
      _ = Scope.union(Scope.parse(text))
      _ = ReferrersPage.next([text])
      _ = try? Token.parse(Array(text.utf8), now: .now(), subject: "x")
      #expect(DistributionError.clean(text).unicodeScalars.allSatisfy { $0.value >= 0x20 })
      _ = RegistryAnswer.error(HTTPResponse(head: HTTPHead(status: 400), body: Array(text.utf8)), "x")
      var collector = HeaderCollector()
      _ = Array(text.utf8).withUnsafeBytes { collector.take($0) }
    }
  }
}
