import OpzIO
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzHub

/// Blobs as specified by the OCI distribution-spec 1.1.1, "Pulling blobs" and "Pushing blobs".
@Suite("blobs by the spec")
struct BlobSpecTests {
  let data = bytes(300_000)
  var digest: Digest { .of(data) }

  @Test("/v2/ names the API version")
  func base() async throws {
    let hub = try await TestHub()
    for path in ["/v2/", "/v2"] {
      let reply = try await hub.ask("GET", path)
      #expect(reply.status == 200)
      #expect(reply["docker-distribution-api-version"] == "registry/2.0")
    }
  }

  @Test("a missing blob is 404 with BLOB_UNKNOWN", arguments: ["GET", "HEAD"])
  func missing(_ method: String) async throws {
    let hub = try await TestHub()
    let reply = try await hub.ask(method, "/v2/team/model/blobs/\(digest)")
    #expect(reply.status == 404)
    #expect(method == "HEAD" ? reply.body.isEmpty : reply.code == "BLOB_UNKNOWN")
  }

  @Test("POST with the digest uploads a whole blob")
  func monolithicPost() async throws {
    let hub = try await TestHub()
    let reply = try await hub.ask("POST", "/v2/team/model/blobs/uploads/?digest=\(digest)", body: data)
    #expect(reply.status == 201)
    #expect(reply["location"] == "/v2/team/model/blobs/\(digest)")
    #expect(try await hub.ask("GET", "/v2/team/model/blobs/\(digest)").body == data)
  }

  @Test("POST, then PUT with all bytes (monolithic)", arguments: [0, 1, 4096, 300_000])
  func monolithicPut(_ size: Int) async throws {
    let hub = try await TestHub()
    let data = Array(data.prefix(size))
    let start = try await hub.ask("POST", "/v2/team/model/blobs/uploads/")
    #expect(start.status == 202)
    #expect(start["range"] == "0-0")
    let place = try #require(start["location"])
    let end = try await hub.ask("PUT", "\(place)?digest=\(Digest.of(data))", body: data)
    #expect(end.status == 201)
    #expect(end["docker-content-digest"] == "\(Digest.of(data))")
    let head = try await hub.ask("HEAD", "/v2/team/model/blobs/\(Digest.of(data))")
    #expect(head.status == 200 && head["content-length"] == "\(size)" && head.body.isEmpty)
    #expect(try await hub.ask("GET", place).status == 404, "the upload has ended")
  }

  @Test("chunks in order, each acknowledged with the range that is stored", arguments: [1, 7, 64_000, 299_999])
  func chunks(_ size: Int) async throws {
    let hub = try await TestHub()
    let data = Array(data.prefix(size == 1 ? 20 : size == 7 ? 100 : data.count))
    var place = try #require(try await hub.ask("POST", "/v2/team/model/blobs/uploads/")["location"])
    var sent = 0
    while sent < data.count {
      let chunk = Array(data[sent..<min(sent + size, data.count)])
      let reply = try await hub.ask(
        "PATCH", place, headers: [("Content-Range", "\(sent)-\(sent + chunk.count - 1)")], body: chunk)
      sent += chunk.count
      #expect(reply.status == 202 && reply["range"] == "0-\(sent - 1)")
      place = try #require(reply["location"])
      let status = try await hub.ask("GET", place)
      #expect(status.status == 204 && status["range"] == "0-\(sent - 1)" && status["location"] != nil)
    }
    #expect(try await hub.ask("PUT", "\(place)?digest=\(Digest.of(data))").status == 201)
    #expect(try await hub.ask("GET", "/v2/team/model/blobs/\(Digest.of(data))").body == data)
  }

  @Test("the last chunk may come with PUT")
  func lastChunk() async throws {
    let hub = try await TestHub()
    let place = try #require(try await hub.ask("POST", "/v2/team/model/blobs/uploads/")["location"])
    _ = try await hub.ask("PATCH", place, headers: [("Content-Range", "0-99")], body: Array(data[..<100]))
    let end = try await hub.ask(
      "PUT", "\(place)?digest=\(digest)", headers: [("Content-Range", "100-\(data.count - 1)")],
      body: Array(data[100...]))
    #expect(end.status == 201)
  }

  @Test(
    "a chunk out of order is 416 and is not stored",
    arguments: [("0-49", 50), ("101-150", 50), ("99-148", 50), ("18446744073709551614-18446744073709551614", 1)])
  func disorder(_ range: String, _ count: Int) async throws {
    let hub = try await TestHub()
    let place = try #require(try await hub.ask("POST", "/v2/team/model/blobs/uploads/")["location"])
    _ = try await hub.ask("PATCH", place, headers: [("Content-Range", "0-99")], body: Array(data[..<100]))
    for method in ["PATCH", "PUT"] {
      let reply = try await hub.ask(
        method, place + "?digest=\(digest)", headers: [("Content-Range", range)],
        body: [UInt8](repeating: 1, count: count))
      #expect(reply.status == 416)
      #expect(reply["range"] == "0-99", "where to go on")
    }
    let end = try await hub.ask("PUT", "\(place)?digest=\(Digest.of(Array(data[..<100])))")
    #expect(end.status == 201)
  }

  @Test(
    "a Content-Range that is invalid, or does not match the body, is 400",
    arguments: ["bytes 0-9/*", "0-8", "9-0", "a-b", "-", "0-"])
  func badRange(_ range: String) async throws {
    let hub = try await TestHub()
    let place = try #require(try await hub.ask("POST", "/v2/team/model/blobs/uploads/")["location"])
    let reply = try await hub.ask("PATCH", place, headers: [("Content-Range", range)], body: Array(data[..<10]))
    #expect(reply.status == 400 && reply.code == "SIZE_INVALID")
  }

  @Test("a wrong digest is 400 with DIGEST_INVALID, and the blob is not stored")
  func wrongDigest() async throws {
    let hub = try await TestHub()
    let place = try #require(try await hub.ask("POST", "/v2/team/model/blobs/uploads/")["location"])
    let reply = try await hub.ask("PUT", "\(place)?digest=\(digest)", body: Array(data.dropLast()))
    #expect(reply.status == 400 && reply.code == "DIGEST_INVALID")
    #expect(try await hub.ask("HEAD", "/v2/team/model/blobs/\(digest)").status == 404)
    #expect(try await hub.ask("GET", place).status == 404)
  }

  @Test("DELETE cancels an upload")
  func cancel() async throws {
    let hub = try await TestHub()
    let place = try #require(try await hub.ask("POST", "/v2/team/model/blobs/uploads/")["location"])
    _ = try await hub.ask("PATCH", place, body: data)
    #expect(try await hub.ask("DELETE", place).status == 204)
    let after = try await hub.ask("PATCH", place, body: data)
    #expect(after.status == 404 && after.code == "BLOB_UPLOAD_UNKNOWN")
    #expect(try hub.directory.tree().filter { $0.hasPrefix("registry/cache/uploads/") }.isEmpty)
  }

  @Test("mounting an existing blob is 201, a missing one is 202 with an upload")
  func mount() async throws {
    let hub = try await TestHub()
    try await hub.push(data, to: "team/one")
    for from in ["&from=team/one", ""] {
      let reply = try await hub.ask("POST", "/v2/team/two/blobs/uploads/?mount=\(digest)\(from)")
      #expect(reply.status == 201)
      #expect(reply["location"] == "/v2/team/two/blobs/\(digest)")
    }
    let other = Digest.of([1])
    let reply = try await hub.ask("POST", "/v2/team/two/blobs/uploads/?mount=\(other)&from=team/one")
    #expect(reply.status == 202)
    #expect(try await hub.ask("PUT", try #require(reply["location"]) + "?digest=\(other)", body: [1]).status == 201)
  }

  @Test("an upload belongs to its repository")
  func otherRepository() async throws {
    let hub = try await TestHub()
    let place = try #require(try await hub.ask("POST", "/v2/team/model/blobs/uploads/")["location"])
    let other = place.replacing("team/model", with: "team/other")
    for method in ["GET", "PATCH", "DELETE"] { #expect(try await hub.ask(method, other).status == 404) }
    #expect(try await hub.ask("GET", place).status == 204)
  }

  @Test(
    "ranges",
    arguments: [
      ("bytes=0-0", 0, 0), ("bytes=100-199", 100, 199), ("bytes=299990-", 299_990, 299_999),
      ("bytes=-5", 299_995, 299_999), ("bytes=-999999", 0, 299_999), ("bytes=299999-400000", 299_999, 299_999),
    ])
  func ranges(_ range: String, _ first: Int, last: Int) async throws {
    let hub = try await TestHub()
    try await hub.push(data)
    let reply = try await hub.ask("GET", "/v2/team/model/blobs/\(digest)", headers: [("Range", range)])
    #expect(reply.status == 206)
    #expect(reply["content-range"] == "bytes \(first)-\(last)/300000")
    #expect(reply.body == Array(data[first...last]))
  }

  @Test("a range beyond the end is 416, an invalid range is ignored")
  func badRanges() async throws {
    let hub = try await TestHub()
    try await hub.push(data)
    for range in ["bytes=300000-", "bytes=-0"] {
      let reply = try await hub.ask("GET", "/v2/team/model/blobs/\(digest)", headers: [("Range", range)])
      #expect(reply.status == 416 && reply["content-range"] == "bytes */300000")
    }
    for range in ["bytes=5-1", "bytes=a-", "lines=1-2", "bytes=0-1,4-5", "bytes=99999999999999999999-"] {
      #expect(try await hub.ask("GET", "/v2/team/model/blobs/\(digest)", headers: [("Range", range)]).status == 200)
    }
  }

  @Test("sha512 is supported too")
  func sha512() async throws {
    let hub = try await TestHub()
    var hasher = DigestHasher(.sha512)
    hasher.update(data)
    let digest = hasher.finish()
    #expect(try await hub.ask("POST", "/v2/team/model/blobs/uploads/?digest=\(digest)", body: data).status == 201)
    #expect(try await hub.ask("GET", "/v2/team/model/blobs/\(digest)").body == data)
  }

  @Test(
    "digests and names are checked before they become a path",
    arguments: [
      "/v2/team/model/blobs/sha256:../../../../etc/passwd", "/v2/team/model/blobs/sha256:abc",
      "/v2/team/model/blobs/md5:00",
      "/v2/../blobs/sha256:\(String(repeating: "0", count: 64))",
      "/v2/Team/blobs/sha256:\(String(repeating: "0", count: 64))",
      "/v2/team%2F..%2F../blobs/sha256:\(String(repeating: "0", count: 64))", "/v2/team/model/blobs/sha256%3A%2E%2E",
      "/v2/%00/blobs/sha256:\(String(repeating: "0", count: 64))", "/v2/team/model/manifests/.git",
      "/v2/team/model/manifests/a%2Fb",
      "/v2/team/model/blobs/uploads/../../x", "/v2/team/model/manifests/\(String(repeating: "a", count: 129))",
      "/v2/\(String(repeating: "a", count: 256))/tags/list", "/v2/_tags/tags/list",
    ])
  func hostile(_ path: String) async throws {
    let hub = try await TestHub()
    let reply = try await hub.ask("GET", path)
    #expect([400, 404].contains(reply.status))
    #expect(reply.code != nil)
  }

  @Test("an upload is streamed into a file, and its digest is given only at the end")
  func uploadFile() async throws {
    let hub = try await TestHub()
    let place = try #require(try await hub.ask("POST", "/v2/team/model/blobs/uploads/")["location"])
    _ = try await hub.ask("PATCH", place, body: data)
    let files = try hub.directory.tree().filter { $0.hasPrefix("registry/cache/uploads/") }
    #expect(files.count == 1)
    let file = hub.directory.path.appending(files[0])
    #expect(try FileBlob(file).bytes() == data)
    #expect(try await hub.ask("PUT", place, body: []).status == 400, "PUT without a digest")
    #expect(try await hub.ask("PUT", place + "?digest=\(digest)").status == 201)
  }

  @Test("an upload above the limit ends the one that was idle for the longest time")
  func room() async throws {
    var limits = HubLimits()
    limits.uploads = 2
    let hub = try await TestHub(limits: limits)
    var places: [String] = []
    for _ in 0..<3 { places.append(try #require(try await hub.ask("POST", "/v2/a/blobs/uploads/")["location"])) }
    var statuses: [Int] = []
    for place in places { statuses.append(try await hub.ask("GET", place).status) }
    #expect(statuses == [404, 204, 204])
    #expect(try hub.directory.tree().filter { $0.hasPrefix("registry/cache/uploads/") }.count == 2)
  }

  @Test("chunked transfer encoding")
  func chunkedBody() async throws {
    let hub = try await TestHub()
    let place = try #require(try await hub.ask("POST", "/v2/team/model/blobs/uploads/")["location"])
    let coded = Array("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n".utf8)
    let reply = try await hub.ask("PATCH", place, headers: [("Transfer-Encoding", "chunked")], body: coded)
    #expect(reply.status == 202 && reply["range"] == "0-10")
  }

  @Test("Expect: 100-continue is answered before the body is sent")
  func expectation() async throws {
    let hub = try await TestHub()
    let (data, digest, host, port) = (data, digest, hub.host, hub.server.port)
    let got = try await blocking {
      let connection = try RawConnection(port: port)
      connection.send(
        TestHub.request(
          "POST", "/v2/team/model/blobs/uploads/?digest=\(digest)",
          headers: [("Expect", "100-continue"), ("Content-Length", "\(data.count)")], host: host))
      let first = String(decoding: try connection.receive() ?? [], as: UTF8.self)
      connection.send(data)
      return (first, try connection.receiveAll())
    }
    #expect(got.0 == "HTTP/1.1 100 Continue\r\n\r\n")
    #expect(got.1.hasPrefix("HTTP/1.1 201"))
  }
}
