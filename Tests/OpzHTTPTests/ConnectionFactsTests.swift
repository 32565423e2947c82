import Testing

@testable import OpzHTTP

@Suite("What a connection reveals")
struct ConnectionFactsTests {
  @Test(
    "a proxy is shown without its user",
    arguments: [
      ("http://u:s3cret@proxy.example:3128/", "proxy.example:3128"), ("proxy.example:3128", "proxy.example:3128"),
      ("socks5h://u:p@ss@h:1", "h:1"),
    ])
  func proxies(text: String, shown: String) { #expect(ConnectionFacts.shown(proxy: text) == shown) }

  @Test(
    "OpenSSL's dates",
    arguments: [
      ("Nov 26 22:33:20 2027 GMT", "2027-11-26T22:33:20.000Z"),
      ("Jan  1 00:00:00 2030 GMT", "2030-01-01T00:00:00.000Z"),
      ("Foo 26 22:33:20 2027 GMT", nil), ("", nil),
    ])
  func dates(text: String, expected: String?) { #expect(ConnectionFacts.date(text)?.description == expected) }
}
