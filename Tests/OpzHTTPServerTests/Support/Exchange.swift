/// What a client sends on a new connection, and the response that RFC 9110 and 9112 require.
struct Exchange: Sendable {
  let name: String
  /// `{get}` stands for a target that responses 200, `{post}` for one that takes a body, and `{body}` for that body.
  let sent: String
  let statuses: Set<Int>
  /// The connection is closed after the response; else it accepts another request.
  let closes: Bool
  let isHead: Bool
  /// The expected status is that of an accepted body.
  let isPosted: Bool

  /// A request that is answered, and whose connection can be used again.
  static func answered(_ name: String, _ sent: String, statuses: Int..., isHead: Bool = false) -> Exchange {
    Exchange(name: name, sent: sent, statuses: Set(statuses), closes: false, isHead: isHead, isPosted: false)
  }

  /// A request that is answered, and whose connection is closed because the client asked for it.
  static func ended(_ name: String, _ sent: String, statuses: Int...) -> Exchange {
    Exchange(name: name, sent: sent, statuses: Set(statuses), closes: true, isHead: false, isPosted: false)
  }

  /// A request that is refused, and whose connection is closed.
  static func refused(_ name: String, _ sent: String, statuses: Int...) -> Exchange {
    Exchange(
      name: name, sent: sent, statuses: statuses.isEmpty ? [400] : Set(statuses), closes: true, isHead: false,
      isPosted: false)
  }

  /// A request whose body is accepted.
  static func taken(_ name: String, _ sent: String) -> Exchange {
    Exchange(name: name, sent: sent, statuses: [], closes: false, isHead: false, isPosted: true)
  }
}

extension Exchange {
  private static func get(_ fields: String, _ version: String = "HTTP/1.1", target: String = "{get}") -> String {
    "GET \(target) \(version)\r\n\(fields)\r\n"
  }

  private static func post(_ fields: String, _ rest: String, version: String = "HTTP/1.1") -> String {
    "POST {post} \(version)\r\nHost: h\r\n\(fields)\r\n\(rest)"
  }

  /// RFC 9112, section 9: persistence.
  static let connections: [Exchange] = [
    answered("plain", get("Host: h\r\n"), statuses: 200),
    answered("keep-alive", get("Host: h\r\nConnection: keep-alive\r\n"), statuses: 200),
    ended("close", get("Host: h\r\nConnection: close\r\n"), statuses: 200),
    ended("CLOSE", get("Host: h\r\nConnection: CLOSE\r\n"), statuses: 200),
    ended("TE, close", get("Host: h\r\nTE: trailers\r\nConnection: TE, close\r\n"), statuses: 200),
    ended("close, TE", get("Host: h\r\nConnection: close , TE\r\n"), statuses: 200),
    ended(
      "keep-alive and close in two fields", get("Host: h\r\nConnection: keep-alive\r\nconnection: close\r\n"),
      statuses: 200),
    answered("a name that ends with close", get("Host: h\r\nConnection: x-close\r\n"), statuses: 200),
    ended("1.0", get("", "HTTP/1.0"), statuses: 200),
    ended("1.0 with Host", get("Host: h\r\n", "HTTP/1.0"), statuses: 200),
    answered("1.0 keep-alive", get("Connection: Keep-Alive\r\n", "HTTP/1.0"), statuses: 200),
    ended("1.0 keep-alive, close", get("Connection: keep-alive, close\r\n", "HTTP/1.0"), statuses: 200),
    answered("1.2", get("Host: h\r\n", "HTTP/1.2"), statuses: 200),
    answered("1.9", get("Host: h\r\n", "HTTP/1.9"), statuses: 200),
  ]

  /// RFC 9112, section 3.2: Host.
  static let hosts: [Exchange] = [
    refused("no Host", get("")), refused("two", get("Host: h\r\nHost: h\r\n")),
    refused("two in 1.0", get("Host: h\r\nhost: i\r\n", "HTTP/1.0")), refused("empty", get("Host:\r\n")),
    refused("blank", get("Host:   \r\n")), refused("space", get("Host: a b\r\n")),
    refused("path", get("Host: a/b\r\n")),
    refused("list", get("Host: a, b\r\n")), refused("user", get("Host: u@h\r\n")),
    refused("port of letters", get("Host: h:x\r\n")), refused("port too large", get("Host: h:65536\r\n")),
    refused("no name", get("Host: :80\r\n")), refused("bracket", get("Host: [::1\r\n")),
    refused("no address", get("Host: [zz]\r\n")), refused("after the bracket", get("Host: [::1]x\r\n")),
    refused("percent", get("Host: a%zz\r\n")), refused("query", get("Host: h?x\r\n")),
    refused("not ASCII", get("Host: é\r\n")), refused("quote", get("Host: \"h\"\r\n")),
    answered("IPv6", get("Host: [::1]:80\r\n"), statuses: 200),
    answered("IPv4", get("Host: 127.0.0.1:8080\r\n"), statuses: 200),
    answered("empty port", get("Host: h:\r\n"), statuses: 200),
    answered("underscore", get("HOST:a_b.example\t\r\n"), statuses: 200),
  ]

  /// RFC 9112, section 3: request line and target.
  static let lines: [Exchange] = [
    answered("absolute", get("Host: other\r\n", target: "http://h{get}"), statuses: 200),
    answered("ABSOLUTE with port", get("Host: other\r\n", target: "HTTP://h:80{get}"), statuses: 200),
    answered("absolute, empty Host", get("Host:\r\n", target: "http://h{get}"), statuses: 200),
    answered("absolute without a path", get("Host: h\r\n", target: "http://h"), statuses: 404),
    answered("absolute with a query alone", get("Host: h\r\n", target: "http://h?x"), statuses: 404),
    ended("absolute in 1.0", get("", "HTTP/1.0", target: "http://h{get}"), statuses: 200),
    refused("absolute, no Host", get("", target: "http://h{get}")),
    refused("absolute, two Hosts", get("Host: h\r\nHost: h\r\n", target: "http://h{get}")),
    refused("absolute with a user", get("Host: h\r\n", target: "http://u:p@h{get}")),
    refused("absolute without a host", get("Host: h\r\n", target: "http://{get}")),
    refused("another scheme", get("Host: h\r\n", target: "ftp://h{get}")),
    refused("authority", get("Host: h\r\n", target: "h:80")), refused("no slash", get("Host: h\r\n", target: "v2")),
    refused("asterisk", get("Host: h\r\n", target: "*")), refused("fragment", get("Host: h\r\n", target: "{get}#x")),
    refused("CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", statuses: 400, 405, 501),
    answered("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", statuses: 200, 204),
    answered("query", get("Host: h\r\n", target: "{get}?a=b&c"), statuses: 200),
    answered("question in the query", get("Host: h\r\n", target: "{get}?a?b"), statuses: 200),
    refused("percent alone", get("Host: h\r\n", target: "/v2/%")),
    refused("half", get("Host: h\r\n", target: "/v2/%4")),
    refused("no hex", get("Host: h\r\n", target: "/v2/%zz")), refused("sign", get("Host: h\r\n", target: "/v2/%+1")),
    refused("not ASCII", get("Host: h\r\n", target: "/v2/é")), refused("0.9", "GET {get}\r\n"),
    refused("0.9 as a token", get("Host: h\r\n", "HTTP/0.9"), statuses: 505),
    refused("2.0", get("Host: h\r\n", "HTTP/2.0"), statuses: 505),
    refused("nearly the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n", statuses: 400, 505),
    refused("3", get("Host: h\r\n", "HTTP/3"), statuses: 400, 505),
    refused("9.9", get("Host: h\r\n", "HTTP/9.9"), statuses: 505),
    refused("lower case", get("Host: h\r\n", "http/1.1")), refused("another name", get("Host: h\r\n", "HTTX/1.1")),
    refused("digits", get("Host: h\r\n", "HTTP/1.10")), refused("two spaces", get("Host: h\r\n", " HTTP/1.1")),
    refused("space at the end", get("Host: h\r\n", "HTTP/1.1 ")), refused("space first", " " + get("Host: h\r\n")),
    refused("tab", "GET\t{get}\tHTTP/1.1\r\nHost: h\r\n\r\n"), refused("method alone", "GET\r\n\r\n"),
    refused(
      "method in lower case", "get {get} HTTP/1.1\r\nHost: h\r\n\r\n", statuses: 400, 405, 501),
    refused("no such method", "FROB {get} HTTP/1.1\r\nHost: h\r\n\r\n", statuses: 405, 501),
    refused("no token", "G(T {get} HTTP/1.1\r\nHost: h\r\n\r\n"),
    answered("empty lines first", "\r\n\r\n" + get("Host: h\r\n"), statuses: 200),
    refused("empty lines alone", String(repeating: "\r\n", count: 100)),
    refused("TLS", "\u{16}\u{3}\u{1}\u{2}"), refused("control first", "\0"),
    refused("a long target", get("Host: h\r\n", target: "/" + String(repeating: "a", count: 100_000)), statuses: 414),
    refused(
      "a method without end", String(repeating: "A", count: 100_000), statuses: 400, 414, 501),
  ]

  /// RFC 9112, sections 2.2 and 5: fields.
  static let fields: [Exchange] = [
    refused("folded", get("Host: h\r\nX: a\r\n b\r\n")),
    refused("folded with a tab", get("Host: h\r\nX: a\r\n\tb\r\n")),
    refused("folded at once", get(" X: a\r\nHost: h\r\n")),
    refused("space before the colon", get("Host: h\r\nX : a\r\n")),
    refused("tab before the colon", get("Host: h\r\nX\t: a\r\n")), refused("Host with a space", get("Host : h\r\n")),
    refused("no name", get("Host: h\r\n: a\r\n")), refused("no colon", get("Host: h\r\nX\r\n")),
    refused("parenthesis in a name", get("Host: h\r\nX(): a\r\n")),
    refused("not ASCII in a name", get("Host: h\r\né: a\r\n")),
    refused("NUL in a value", get("Host: h\r\nX: a\0b\r\n")), refused("NUL in a name", get("Host: h\r\nX\0: b\r\n")),
    refused("bare CR in a value", get("Host: h\r\nX: a\rb\r\n")),
    refused("bare CR at the end", get("Host: h\r\nX: a\r\r\n")),
    refused("bare LF after the line", "GET {get} HTTP/1.1\nHost: h\n\n"),
    refused("bare LF between fields", get("Host: h\nX: a\r\n")),
    refused("bare LF at the end", "GET {get} HTTP/1.1\r\nHost: h\r\n\n"),
    refused("escape in a value", get("Host: h\r\nX: \u{1b}[2J\r\n")),
    refused("DEL in a value", get("Host: h\r\nX: \u{7f}\r\n")),
    answered("empty value", get("Host: h\r\nX:\r\n"), statuses: 200),
    answered("no space", get("Host:h\r\nX:a\r\n"), statuses: 200),
    answered("tab in a value", get("Host: h\r\nX: a\tb\r\n"), statuses: 200),
    answered("obs-text", get("Host: h\r\nX: é\r\n"), statuses: 200),
    refused("a long field", get("Host: h\r\nX: \(String(repeating: "a", count: 100_000))\r\n"), statuses: 431),
    refused("a long name", get("Host: h\r\n\(String(repeating: "a", count: 100_000)): a\r\n"), statuses: 431),
    refused("many fields", get("Host: h\r\n\(String(repeating: "X: y\r\n", count: 5000))"), statuses: 431),
    refused(
      "a head without end",
      get("Host: h\r\n\((0..<90).map { "X\($0): \(String(repeating: "a", count: 1000))\r\n" }.joined())"), statuses: 431
    ),
  ]

  /// RFC 9112, section 6, and RFC 9110, section 8.6: how long a body is.
  static let lengths: [Exchange] = [
    taken("length", post("Content-Length: {length}\r\n", "{body}")),
    taken("zeros before it", post("Content-Length: 000{length}\r\n", "{body}")),
    refused("sign", post("Content-Length: +{length}\r\n", "{body}")),
    refused("minus", post("Content-Length: -1\r\n", "")),
    refused("space inside", post("Content-Length: 1 2\r\n", "")), refused("hex", post("Content-Length: 0x5\r\n", "")),
    refused("empty", post("Content-Length:\r\n", "")), refused("point", post("Content-Length: 5.0\r\n", "")),
    refused("letters", post("Content-Length: five\r\n", "")),
    refused("not ASCII digits", post("Content-Length: ٣\r\n", "")),
    refused("two that differ", post("Content-Length: {length}\r\nContent-Length: 0\r\n", "{body}")),
    refused(
      "two that are equal", post("Content-Length: {length}\r\nContent-Length: {length}\r\n", "{body}"), statuses: 200,
      201, 400),
    refused("list that differs", post("Content-Length: {length}, 0\r\n", "{body}")),
    refused(
      "list that is equal", post("Content-Length: {length}, {length}\r\n", "{body}"), statuses: 200, 201,
      400),
    refused("2^64 - 1", post("Content-Length: 18446744073709551615\r\n", ""), statuses: 400, 413),
    refused("2^63", post("Content-Length: 9223372036854775808\r\n", ""), statuses: 400, 413),
    refused("2^64 + 5", post("Content-Length: 18446744073709551621\r\n", "{body}"), statuses: 400, 413),
    refused(
      "a thousand digits", post("Content-Length: \(String(repeating: "9", count: 1000))\r\n", ""), statuses: 400,
      413),
    answered("body of a GET", get("Host: h\r\nContent-Length: 5\r\n") + "12345", statuses: 200),
    refused("coding and length", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
    refused(
      "coding and length in 1.0",
      post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", version: "HTTP/1.0")),
    refused("coding in 1.0", post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", version: "HTTP/1.0")),
    refused("gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), statuses: 400, 501),
    refused("chunked, gzip", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")),
    refused("chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")),
    refused("chunked in two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
    refused("xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), statuses: 400, 501),
    refused("identity", post("Transfer-Encoding: identity\r\n", ""), statuses: 400, 501),
    refused("chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")),
    refused(
      "chunked with a parameter", post("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n"), statuses: 400, 501),
    refused("empty coding", post("Transfer-Encoding:\r\n", "0\r\n\r\n")),
    refused("quoted coding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), statuses: 400, 501),
    refused("vertical tab before it", post("Transfer-Encoding: \u{b}chunked\r\n", "0\r\n\r\n")),
    taken("Chunked", post("Transfer-Encoding:\t Chunked \r\n", "{hex}\r\n{body}\r\n0\r\n\r\n")),
  ]

  /// RFC 9112, section 7.1: chunks.
  static let chunks: [Exchange] = [
    taken("one", chunked("{hex}\r\n{body}\r\n0\r\n\r\n")), taken("two", chunked("{first}{rest}0\r\n\r\n")),
    taken("zeros", chunked("000{hex}\r\n{body}\r\n000\r\n\r\n")),
    taken("extensions", chunked("{hex};a=b;c=\"d e\"\r\n{body}\r\n0;x\r\n\r\n")),
    taken("space before an extension", chunked("{hex} ;a\r\n{body}\r\n0\r\n\r\n")),
    taken("trailers", chunked("{hex}\r\n{body}\r\n0\r\nX-Sum: 1\r\nContent-Length: 7\r\n\r\n")),
    refused("no number", chunked("zz\r\n")), refused("empty size", chunked("\r\n{body}\r\n0\r\n\r\n")),
    refused("0x", chunked("0x5\r\n{body}\r\n0\r\n\r\n")), refused("sign", chunked("+5\r\n{body}\r\n0\r\n\r\n")),
    refused("minus", chunked("-1\r\n")), refused("space before", chunked(" 5\r\n")),
    refused("space inside", chunked("5 5\r\n")),
    refused("2^64", chunked("10000000000000000\r\n")), refused("2^64 - 1", chunked("ffffffffffffffff\r\n")),
    refused("2^63", chunked("8000000000000000\r\n")),
    refused("a line without end", chunked(String(repeating: "0", count: 100_000))),
    refused("LF after the size", chunked("{hex}\n{body}\r\n0\r\n\r\n")),
    refused("CR after the size", chunked("{hex}\r{body}\r\n")),
    refused("no CR LF after the data", chunked("{hex}\r\n{body}0\r\n\r\n")),
    refused("LF after the data", chunked("{hex}\r\n{body}\n0\r\n\r\n")),
    refused("longer than its size", chunked("1\r\n{body}\r\n0\r\n\r\n")),
    refused("control in an extension", chunked("{hex};\u{1}\r\n{body}\r\n0\r\n\r\n")),
    refused("LF in an extension", chunked("{hex};a\nb\r\n{body}\r\n0\r\n\r\n")),
    refused("extensions without end", chunked("{hex};\(String(repeating: "a", count: 100_000))")),
    refused("a folded trailer", chunked("{hex}\r\n{body}\r\n0\r\nX: a\r\n b\r\n\r\n")),
    refused("a trailer without a name", chunked("{hex}\r\n{body}\r\n0\r\n: a\r\n\r\n")),
    refused(
      "trailers without end", chunked("{hex}\r\n{body}\r\n0\r\n\(String(repeating: "X: a\r\n", count: 20_000))"),
      statuses: 400,
      431),
  ]

  /// RFC 9110, section 10.1.1, as far as a single write can show it.
  static let expectations: [Exchange] = [
    refused("another expectation", post("Expect: 200-ok\r\nContent-Length: 5\r\n", ""), statuses: 417),
    refused("two expectations", post("Expect: 100-continue, x\r\nContent-Length: 5\r\n", ""), statuses: 417),
    answered("without a body", get("Host: h\r\nExpect: 100-continue\r\n"), statuses: 200),
  ]

  private static func chunked(_ rest: String) -> String { post("Transfer-Encoding: chunked\r\n", rest) }

  /// The bytes that are sent to this peer.
  func bytes(_ peer: Peer) -> String {
    let body = peer.body
    let (first, rest) = (body.prefix(2), body.dropFirst(2))
    var text = sent
    for (name, value) in [
      ("get", "/v2/"), ("post", peer.post), ("length", "\(body.utf8.count)"),
      ("hex", String(body.utf8.count, radix: 16)),
      ("first", "2\r\n\(first)\r\n"), ("rest", "\(String(rest.utf8.count, radix: 16).uppercased())\r\n\(rest)\r\n"),
      ("body", body),
    ] {
      text = text.replacing("{\(name)}", with: value)
    }
    return text
  }
}
