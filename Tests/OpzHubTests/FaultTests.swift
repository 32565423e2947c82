import OpzIO
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzHub

/// What a client receives for one request: every byte until the end of the connection.
struct Seen: Sendable {
  let bytes: [UInt8]
  let wasReset: Bool

  var reply: Reply? { Reply(bytes) }
  /// The first 100,000 bytes.
  var text: String { String(decoding: bytes.prefix(100_000), as: UTF8.self) }
  /// How many bytes `Content-Length` announces.
  var announced: Int? { reply?["content-length"].flatMap { Int($0) } }
}

// Serialized, because each test has its own registry, with all its syncs.
@Suite("faults", .serialized)
struct FaultTests {
  static let blob = bytes(4096)

  /// The request that a fault is tested with, and what must be sent over the wire.
  struct Probe: Sendable, CustomTestStringConvertible {
    let fault: String
    let request: RequestKind
    let holds: @Sendable (Seen) -> Bool
    var testDescription: String { fault }

    init(_ fault: String, _ request: RequestKind = .blobGet, holds: @escaping @Sendable (Seen) -> Bool) {
      self.fault = fault
      self.request = request
      self.holds = holds
    }
  }

  static let blobText = "\(Digest.of(blob))"

  static let probes: [Probe] =
    [
      Probe("cut") { $0.announced == 4096 && $0.reply?.body == Array(blob[..<2048]) && !$0.wasReset },
      Probe("reset") { $0.wasReset },
      Probe("stall") { $0.announced == 4096 && $0.reply?.body == Array(blob[..<2048]) },
      Probe("delay") { $0.reply?.body == blob },
      Probe("drip") { $0.reply?.body == blob },
      Probe("lost-answer") { $0.bytes.isEmpty },
      Probe("half-head") { $0.bytes.count == 30 && $0.text.hasPrefix("HTTP/1.1 200 OK\r\n") },
      Probe("chunked-cut") {
        $0.reply?["transfer-encoding"] == "chunked" && $0.reply?.body == Array("800\r\n".utf8) + blob[..<2048]
      },
      Probe("until-close") { $0.announced == nil && $0.reply?["transfer-encoding"] == nil && $0.reply?.body == blob },
      Probe("garbage") { $0.text.hasPrefix("SSH-2.0") },
      Probe("continue-flood") {
        $0.text.hasPrefix(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 1000) + "HTTP/1.1 200")
      },
      Probe("extra-bytes") { $0.reply?.body == blob + Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong".utf8) },
      Probe("401-challenge") {
        $0.reply?["www-authenticate"]?.contains(#"realm="http://127.0.0.1:"#) == true && $0.reply?.status == 401
      },
      Probe("401-foreign-realm") { $0.reply?["www-authenticate"]?.contains(#"realm="http://localhost:"#) == true },
      Probe("413-html") { $0.reply?.status == 413 && $0.text.contains("<h1>413") },
      Probe("502-html") { $0.reply?.status == 502 && $0.reply?["content-type"] == "text/html" },
      Probe("429-seconds") { $0.reply?.status == 429 && $0.reply?["retry-after"] == "1" },
      Probe("429-date") { $0.reply?["retry-after"]?.hasSuffix(" GMT") == true },
      Probe("429-days") { $0.reply?["retry-after"] == "604800" },
      Probe("503-nonsense") { $0.reply?.status == 503 && $0.reply?["retry-after"]?.hasPrefix("soon") == true },
      Probe("huge-error") { $0.reply?.status == 500 && $0.reply?.body.count == 64 << 20 },
      Probe("error-bomb") { $0.reply?.status == 400 && $0.reply?.body.count == 100_000 },
      Probe("unexpected-204") { $0.reply?.status == 204 && $0.announced == nil },
      Probe("redirect-loop") { $0.reply?["location"] == "/v2/a/blobs/\(blobText)" },
      Probe("redirect-elsewhere") { $0.reply?["location"]?.hasPrefix("http://localhost:") == true },
      Probe("redirect-private") { $0.reply?["location"]?.hasPrefix("http://169.254.169.254/") == true },
      Probe("redirect-file") { $0.reply?["location"] == "file:///etc/passwd" },
      Probe("redirect-nonsense") { $0.reply?.status == 307 && $0.reply?["location"]?.contains("%zz") == true },
      Probe("redirect-bare") { $0.reply?.status == 307 && $0.reply?["location"] == nil },
      Probe("corrupt-body") { seen in
        zip(seen.reply?.body ?? [], blob).filter { $0 != $1 }.count == 1 && seen.reply?.body.count == 4096
      },
      Probe("truncated-json", .manifestGet) { $0.announced == $0.reply?.body.count && ($0.announced ?? 999) < 400 },
      Probe("empty-body") { $0.reply?.status == 200 && $0.announced == 0 && $0.reply?.body == [] },
      Probe("short-body") { $0.announced == 4096 && $0.reply?.body.count == 2048 },
      Probe("long-length") { $0.announced == 5096 && $0.reply?.body == blob },
      Probe("short-length") { $0.announced == 2048 && $0.reply?.body == blob },
      Probe("wrong-type") { $0.reply?.all("content-type") == ["text/html; charset=utf-8"] && $0.reply?.body == blob },
      Probe("html-page") { $0.reply?.status == 200 && $0.text.contains("Please log in") },
      Probe("range-ignored") { $0.reply?.status == 200 && $0.reply?.body == blob },
      Probe("range-lie") { $0.reply?.status == 206 && $0.reply?["content-range"]?.hasPrefix("bytes 7-") == true },
      Probe("wrong-digest") {
        $0.reply?.all("docker-content-digest").count == 1 && $0.reply?["docker-content-digest"] != blobText
      },
      Probe("nonsense-digest") { $0.reply?["docker-content-digest"]?.contains("..") == true },
      Probe("no-digest") { $0.reply?.status == 200 && $0.reply?["docker-content-digest"] == nil },
      Probe("huge-headers") { $0.reply?["x-fault-63"]?.count == 1024 && $0.reply?.body == blob },
      Probe("endless-headers") { $0.bytes.count > 16 << 20 },
      Probe("folded-header") { $0.text.contains("X-Fault: one\r\n two\r\n") },
      Probe("control-header") { $0.text.contains("\u{1b}[2J") },
      Probe("two-lengths") { $0.reply?.all("content-length") == ["4096", "4097"] },
      Probe("clock-skew") { $0.reply?["date"]?.hasSuffix(" GMT") == true },
      Probe("no-subject", .manifestPut) { $0.reply?.status == 201 && $0.reply?["oci-subject"] == nil },
      Probe("location-missing", .uploadStart) { $0.reply?.status == 202 && $0.reply?["location"] == nil },
      Probe("location-relative", .uploadStart) { $0.reply?["location"]?.contains("/") == false },
      Probe("location-absolute", .uploadStart) { $0.reply?["location"]?.hasPrefix("http://127.0.0.1:") == true },
      Probe("location-schemeless", .uploadStart) { $0.reply?["location"]?.hasPrefix("//127.0.0.1:") == true },
      Probe("location-query", .uploadStart) { $0.reply?["location"]?.hasSuffix("?state=a%2Fb%3D&x=1") == true },
      Probe("location-stale", .uploadStart) { $0.reply?["location"]?.hasPrefix("/v2/a/blobs/uploads/") == true },
      Probe("location-elsewhere", .uploadStart) { $0.reply?["location"]?.hasPrefix("http://localhost:") == true },
      Probe("location-private", .uploadStart) { $0.reply?["location"] == "http://169.254.169.254/upload" },
      Probe("location-file", .uploadStart) { $0.reply?["location"] == "file:///etc/passwd" },
      Probe("two-locations", .uploadStart) { $0.reply?.all("location").count == 2 },
      Probe("range-missing", .uploadStart) { $0.reply?.status == 202 && $0.reply?["range"] == nil },
      Probe("range-sticks", .uploadChunk) { $0.reply?.status == 202 && $0.reply?["range"] == "0-0" },
      Probe("range-ahead", .uploadChunk) { $0.reply?["range"] == "0-5095" },
      Probe("range-nonsense", .uploadChunk) { $0.reply?["range"] == "0-18446744073709551616" },
      Probe("huge-minimum", .uploadStart) { $0.reply?["oci-chunk-min-length"] == "1099511627776" },
      Probe("token-truncated", .token) { $0.reply?.body.last != UInt8(ascii: "}") && $0.reply?.body.isEmpty == false },
      Probe("token-expired", .token) { $0.text.contains(#""token":"expired""#) },
      Probe("token-skewed", .token) { $0.reply?.status == 200 && $0.text.contains("issued_at") },
      Probe("token-negative", .token) { $0.text.contains(#""expires_in":-1"#) },
      Probe("token-endless", .token) { $0.text.contains(#""expires_in":9223372036854775807"#) },
      Probe("token-empty", .token) { $0.text.contains(#""token":"""#) },
      Probe("token-header", .token) { $0.text.contains(#""token":"a\r\nX-Injected: 1""#) },
      Probe("token-huge", .token) { $0.bytes.count > 8 << 20 },
      Probe("token-page", .token) { $0.reply?.status == 200 && $0.text.contains("Please log in") },
    ]
    + ["400", "403", "404", "405", "408", "416", "429", "500", "503", "504", "599"].map { status in
      Probe(status) { $0.reply?.status == Int(status) && $0.reply?.code != nil }
    }
    + [("401-bare", 401), ("404-upload", 404), ("507-quota", 507)].map { name, status in
      Probe(name) { $0.reply?.status == status && $0.reply?["www-authenticate"] == nil && $0.reply?.code != nil }
    }

  @Test("there is a probe for each fault, and there are at least 40 faults")
  func complete() {
    #expect(Set(FaultTests.probes.map(\.fault)) == Set(Fault.all.map(\.name)))
    #expect(Fault.all.count == Set(Fault.all.map(\.name)).count)
    #expect(Fault.all.count >= 40)
  }

  @Test("a fault does what it says, over the wire, and once", arguments: probes)
  func wire(_ probe: Probe) async throws {
    var rule = FaultRule(probe.fault, kind: probe.request)
    if ["stall", "delay", "drip"].contains(probe.fault) { rule.seconds = 0.05 }
    let hub = try await TestHub(struckBy: rule)
    let request = try await hub.prepare(probe.request)
    let seen = try await hub.see(request)
    #expect(probe.holds(seen), "\(seen.bytes.count) bytes: \(seen.text.prefix(400))")
    #expect(hub.struck == 1)
    // The same request again gets a normal response.
    let second = try await hub.see(try await hub.prepare(probe.request))
    #expect((200..<300).contains(second.reply?.status ?? 0), "\(second.text.prefix(200))")
    #expect(hub.struck == 1)
  }

  struct Cell: Sendable, CustomTestStringConvertible {
    let fault: String
    let stage: FaultStage
    var testDescription: String { "\(fault) \(stage)" }
  }

  static let cells = Fault.all.flatMap { fault in FaultStage.allCases.map { Cell(fault: fault.name, stage: $0) } }

  /// The stage determines what the registry has received: nothing, the first half of the body, or everything.
  @Test("at each stage, the registry has received what the stage says", arguments: cells)
  func stages(_ cell: Cell) async throws {
    var rule = FaultRule(cell.fault, cell.stage, kind: .uploadChunk)
    rule.seconds = 0.01
    let hub = try await TestHub(struckBy: rule)
    let place = try #require(try await hub.ask("POST", "/v2/a/blobs/uploads/")["location"])
    _ = try await hub.see(
      TestHub.request("PATCH", place, headers: [("Content-Range", "0-4095")], body: FaultTests.blob, host: hub.host))
    #expect(hub.struck == 1)
    let status = try await hub.ask("GET", place)
    let expected: [FaultStage: String] = [.before: "0-0", .during: "0-2047", .after: "0-4095"]
    let isHarmless = cell.fault == "delay" || cell.fault == "drip"
    #expect(status["range"] == (isHarmless ? "0-4095" : expected[cell.stage]), "\(cell.fault) \(cell.stage)")
  }

  @Test("a rule skips some requests, strikes some, and then ends")
  func counts() async throws {
    var rule = FaultRule("500", kind: .ping)
    rule.skip = 2
    rule.times = 3
    let hub = try await TestHub(struckBy: rule)
    var statuses: [Int] = []
    for _ in 0..<7 { statuses.append(try await hub.ask("GET", "/v2/").status) }
    #expect(statuses == [200, 200, 500, 500, 500, 200, 200])
    rule.times = 0
    let always = try await TestHub(struckBy: rule)
    statuses = []
    for _ in 0..<7 { statuses.append(try await always.ask("GET", "/v2/").status) }
    #expect(statuses == [200, 200, 500, 500, 500, 500, 500])
  }

  @Test("a rule matches a method, a path and a kind")
  func matches() async throws {
    var rule = FaultRule("503")
    rule.times = 0
    rule.method = "GET"
    rule.path = "/v2/*/tags/list"
    let hub = try await TestHub(struckBy: rule)
    #expect(try await hub.ask("GET", "/v2/a/tags/list").status == 503)
    #expect(try await hub.ask("GET", "/v2/a/b/tags/list?n=1").status == 503)
    #expect(try await hub.ask("HEAD", "/v2/a/tags/list").status == 404)
    #expect(try await hub.ask("GET", "/v2/").status == 200)
  }

  @Test("a rule can strike at a given byte")
  func byte() async throws {
    for (stage, at) in [(FaultStage.during, UInt64(0)), (.during, 1), (.during, 4095), (.during, 4096)] {
      var rule = FaultRule("cut", stage, kind: .blobGet)
      rule.at = at
      let hub = try await TestHub(struckBy: rule)
      let seen = try await hub.see(try await hub.prepare(.blobGet))
      #expect(seen.reply?.body == Array(FaultTests.blob[..<Int(at)]))
    }
  }

  @Test(
    "patterns",
    arguments: [
      ("*", "", true), ("", "", true), ("", "a", false), ("a*", "abc", true), ("a*c", "abc", true), ("a*c", "ac", true),
      ("a*c", "a", false), ("*b*", "abc", true), ("*b*", "ac", false), ("a*a", "a", false), ("**", "x", true),
      ("/v2/*/blobs/*", "/v2/a/b/blobs/x", true), ("a*b*a", "aba", true), ("a*ba", "aba", true),
      ("ab*ba", "aba", false),
    ])
  func globs(_ pattern: String, _ text: String, expected: Bool) {
    #expect(Glob.matches(pattern, text) == expected)
  }
}
