import OpzIO
import OpzTestKit
import Testing

@testable import OpzHTTP

@Suite("What servers send, parsed")
struct WireTextTests {
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

  @Test func headersHaveLimits() {
    var collector = HeaderCollector()
    func take(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes { collector.take($0) } }
    #expect(take("HTTP/1.1 100 Continue\r\n") && take("\r\n") && !collector.isComplete)
    #expect(take("HTTP/2 401 \r\n") && take("WWW-Authenticate:  Basic \r\n") && take("broken\r\n") && take("\r\n"))
    #expect(collector.isComplete && collector.head.status == 401)
    #expect(collector.head["www-authenticate"] == "Basic")
    #expect(!take("X: " + String(repeating: "y", count: 70_000)))
  }

  /// Nothing that a server can say makes a parser trap.
  @Test(arguments: 0..<20)
  func survivesNonsense(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let alphabet = Array(#"aBz09 ,="\/:;?#@[]<>%.-_~&{}"#.utf8) + [0, 9, 13, 10, 0x7f, 0x80, 0xc3, 0xa9, 0xff]
    let starts = ["", "http://", "https://[", "Sun, 06 Nov ", "<", "//", "bytes "]
    for _ in 0..<600 {
      let count = Int.random(in: 0...60, using: &random)
      let noise = (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
      let text = starts[Int.random(in: 0..<starts.count, using: &random)] + String(decoding: noise, as: UTF8.self)
      if let address = WebAddress(text) {
        #expect(WebAddress(address.description) == address, "\(text.debugDescription)")
        _ = address.resolving(text)
      }
      _ = HTTPDate.parse(text)
      _ = RetryPolicy.seconds(retryAfter: text, now: .now())
      #expect(PrintableText.brief(text).unicodeScalars.allSatisfy { $0.value >= 0x20 })
      var collector = HeaderCollector()
      _ = Array(text.utf8).withUnsafeBytes { collector.take($0) }
    }
  }
}
