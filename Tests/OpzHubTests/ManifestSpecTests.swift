import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzHub

/// Manifests, tags, lists and referrers as specified by the OCI distribution-spec 1.1.1.
@Suite("manifests by the spec")
struct ManifestSpecTests {
  @Test("a manifest is pushed and pulled by tag and by digest, with its bytes unchanged")
  func roundTrip() async throws {
    let hub = try await TestHub()
    let manifest = try await hub.push(image: bytes(1000), tag: "1.0.0")
    for reference in ["1.0.0", "\(manifest.descriptor.digest)"] {
      for method in ["GET", "HEAD"] {
        let reply = try await hub.ask(method, "/v2/team/model/manifests/\(reference)")
        #expect(reply.status == 200)
        #expect(reply["content-type"] == MediaType.imageManifest.rawValue)
        #expect(reply["docker-content-digest"] == "\(manifest.descriptor.digest)")
        #expect(reply["content-length"] == "\(manifest.raw.count)")
        #expect(reply.body == (method == "GET" ? manifest.raw : []))
      }
    }
    #expect(try await hub.ask("GET", "/v2/team/other/manifests/\(manifest.descriptor.digest)").status == 404)
    #expect(try await hub.ask("GET", "/v2/team/model/manifests/2.0.0").code == "MANIFEST_UNKNOWN")
  }

  @Test("a manifest is found by its digest, with either algorithm")
  func byDigest() async throws {
    let hub = try await TestHub()
    let manifest = try await hub.push(image: bytes(1000), tag: "1.0.0")
    var hasher = DigestHasher(.sha512)
    hasher.update(manifest.raw)
    for digest in [manifest.descriptor.digest, hasher.finish()] {
      let reply = try await hub.put(manifest, "team/model", reference: "\(digest)")
      #expect(reply.status == 201 && reply["docker-content-digest"] == "\(digest)")
      #expect(try await hub.ask("GET", "/v2/team/model/manifests/\(digest)").body == manifest.raw)
    }
    let wrong = try await hub.put(manifest, "team/model", reference: "\(Digest.of([1]))")
    #expect(wrong.status == 400 && wrong.code == "DIGEST_INVALID")
  }

  @Test("everything that a manifest names must exist, except its subject")
  func references() async throws {
    let hub = try await TestHub()
    let absent = Descriptor.of([1, 2, 3], .layerTar)
    let image = try Manifest(.init(config: .emptyConfig, layers: [absent]))
    let reply = try await hub.put(image, "team/model", reference: "1")
    #expect(reply.status == 404 && reply.code == "MANIFEST_BLOB_UNKNOWN")
    let index = try Index(.init(manifests: [image.descriptor]))
    let second = try await hub.ask(
      "PUT", "/v2/team/model/manifests/1", headers: [("Content-Type", MediaType.imageIndex.rawValue)], body: index.raw)
    #expect(second.status == 404)
    _ = try await hub.push(image: bytes(10), tag: "2", subject: .of([9], .imageManifest))
  }

  @Test(
    "an invalid manifest, or one that does not match its Content-Type, is 400 with MANIFEST_INVALID",
    arguments: [
      (MediaType.imageManifest.rawValue, "{"), (MediaType.imageManifest.rawValue, "[]"),
      (MediaType.imageManifest.rawValue, ""),
      (MediaType.imageManifest.rawValue, #"{"schemaVersion":2,"manifests":[]}"#),
      (MediaType.imageIndex.rawValue, #"{"schemaVersion":2,"manifests":[],"layers":[]}"#),
      (
        MediaType.imageIndex.rawValue,
        #"{"schemaVersion":2,"manifests":[],"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json"}"#
      ),
      ("application/json", #"{"schemaVersion":2,"manifests":[]}"#), ("", #"{"schemaVersion":2,"manifests":[]}"#),
    ])
  func invalid(_ type: String, _ text: String) async throws {
    let hub = try await TestHub()
    let reply = try await hub.ask(
      "PUT", "/v2/team/model/manifests/1", headers: [("Content-Type", type)], body: Array(text.utf8))
    #expect(reply.status == 400 && reply.code == "MANIFEST_INVALID")
  }

  private static let index = #"{"schemaVersion":2,"manifests":[],"annotations":{"a":"1"}"#

  @Test(
    "an ambiguous manifest is 400 with MANIFEST_INVALID, and is not stored",
    arguments: [
      Array("\(index),\"manifests\":[]}".utf8), Array("\(index),\"Manifests\":[]}".utf8),
      Array("\(index),\"mediatype\":\"x\"}".utf8), Array("\(index),\"mediaType\":\"\"}".utf8),
      Array("\(index),\"annotations\":{}}".utf8), Array("\(index),\"x\":{\"y\":1,\"y\":2}}".utf8),
      Array("\(index),\"manife\u{17F}ts\":[]}".utf8), Array("\(index)} {}".utf8),
      [0xEF, 0xBB, 0xBF] + Array("\(index)}".utf8),
      Array("\(index)}".utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] },
      Array("\(index),\"x\":\(String(repeating: "[", count: 100_000))\(String(repeating: "]", count: 100_000))}".utf8),
    ])
  func ambiguous(_ body: [UInt8]) async throws {
    let hub = try await TestHub()
    let type = [("Content-Type", MediaType.imageIndex.rawValue)]
    #expect(
      try await hub.ask("PUT", "/v2/team/model/manifests/good", headers: type, body: Array("\(Self.index)}".utf8))
        .status == 201)
    for reference in ["1", "\(Digest.of(body))"] {
      let reply = try await hub.ask("PUT", "/v2/team/model/manifests/\(reference)", headers: type, body: body)
      #expect(reply.status == 400 && reply.code == "MANIFEST_INVALID", "\(reply.status) \(reply.code ?? "")")
      #expect(try await hub.ask("GET", "/v2/team/model/manifests/\(reference)").status == 404)
    }
  }

  @Test("so is a manifest with an ambiguous configuration")
  func ambiguousConfig() async throws {
    let hub = try await TestHub()
    let config = Array(
      #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"RootFS":{"type":"x"}}"#.utf8)
    try await hub.push(config, to: "team/model")
    let image = try Manifest(.init(config: .of(config, .imageConfig), layers: []))
    let reply = try await hub.put(image, "team/model", reference: "1")
    #expect(reply.status == 400 && reply.code == "MANIFEST_INVALID")
    #expect(try await hub.ask("GET", "/v2/team/model/manifests/1").status == 404)
  }

  @Test("a manifest of 4 MiB is accepted, one byte more is 413", arguments: [false, true])
  func size(_ isAnnounced: Bool) async throws {
    let hub = try await TestHub()
    var text = #"{"schemaVersion":2,"manifests":[],"annotations":{"x":""#
    text += String(repeating: "x", count: (4 << 20) - text.utf8.count - 3) + #""}}"#
    let type = [("Content-Type", MediaType.imageIndex.rawValue)]
    #expect(try await hub.ask("PUT", "/v2/team/model/manifests/1", headers: type, body: Array(text.utf8)).status == 201)
    let large = Array((text + " ").utf8)
    if isAnnounced {
      #expect(try await hub.ask("PUT", "/v2/team/model/manifests/1", headers: type, body: large).status == 413)
    } else {
      let coded = Array("\(String(large.count, radix: 16))\r\n".utf8) + large + Array("\r\n0\r\n\r\n".utf8)
      let reply = try await hub.ask(
        "PUT", "/v2/team/model/manifests/1", headers: type + [("Transfer-Encoding", "chunked")], body: coded)
      #expect(reply.status == 413)
    }
  }

  @Test("tags are sorted and listed in pages")
  func tags() async throws {
    let hub = try await TestHub()
    #expect(try await hub.ask("GET", "/v2/team/model/tags/list").code == "NAME_UNKNOWN")
    let names = ["1.0.0", "1.10.0", "1.2.0", "A", "_x", "latest"]
    for name in names.shuffled() { _ = try await hub.push(image: bytes(10), tag: name) }
    struct List: Decodable { let name: String; let tags: [String] }
    func list(_ target: String) async throws -> (List, String?) {
      let reply = try await hub.ask("GET", target)
      return (try CanonicalJSON.decode(List.self, from: reply.body, subject: ""), reply["link"])
    }
    let (all, link) = try await list("/v2/team/model/tags/list")
    #expect(all.tags == names && all.name == "team/model" && link == nil)
    var seen: [String] = []
    var next: String? = "/v2/team/model/tags/list?n=4"
    while let target = next {
      let (page, link) = try await list(target)
      seen += page.tags
      next = link.map { String($0.prefix { $0 != ">" }.dropFirst()) }
      #expect(link?.hasSuffix(#"; rel="next""#) ?? true)
    }
    #expect(seen == names)
    #expect(try await list("/v2/team/model/tags/list?n=0").0.tags == [])
    #expect(try await list("/v2/team/model/tags/list?last=1.10.0").0.tags == Array(names[2...]))
    #expect(try await hub.ask("GET", "/v2/team/model/tags/list?n=-1").status == 400)
  }

  @Test("the catalog lists all repositories")
  func catalog() async throws {
    let hub = try await TestHub()
    for name in ["b", "a/c", "a"] { _ = try await hub.push(image: bytes(10), to: name, tag: "1") }
    #expect(try await hub.ask("GET", "/v2/_catalog").text == #"{"repositories":["a","a/c","b"]}"#)
    let page = try await hub.ask("GET", "/v2/_catalog?n=2")
    #expect(page["link"] == #"</v2/_catalog?n=2&last=a/c>; rel="next""#)
  }

  @Test("deleting a tag keeps the manifest, deleting the manifest deletes its tags")
  func delete() async throws {
    let hub = try await TestHub()
    let manifest = try await hub.push(image: bytes(10), tag: "1")
    _ = try await hub.put(manifest, "team/model", reference: "2")
    #expect(try await hub.ask("DELETE", "/v2/team/model/manifests/1").status == 202)
    #expect(try await hub.ask("GET", "/v2/team/model/manifests/1").status == 404)
    #expect(try await hub.ask("GET", "/v2/team/model/manifests/2").status == 200)
    #expect(try await hub.ask("DELETE", "/v2/team/model/manifests/\(manifest.descriptor.digest)").status == 202)
    #expect(try await hub.ask("GET", "/v2/team/model/manifests/2").status == 404)
    #expect(try await hub.ask("DELETE", "/v2/team/model/manifests/2").status == 404)
    #expect(try await hub.ask("DELETE", "/v2/team/model/blobs/\(Digest.of(bytes(10)))").status == 405)
  }

  @Test("referrers are filtered by type, and disappear when they are deleted")
  func referrers() async throws {
    let hub = try await TestHub()
    let subject = try await hub.push(image: bytes(10), tag: "1")
    let place = "/v2/team/model/referrers/\(subject.descriptor.digest)"
    #expect(try Index(raw: try await hub.ask("GET", place).body, subject: "").content.manifests == [])
    var made: [Manifest] = []
    for type in ["application/one", "application/two"] {
      let artifact = try Manifest(
        .init(
          artifactType: MediaType(type), config: .emptyConfig, layers: [.emptyConfig],
          subject: subject.descriptor.withoutAnnotations,
          annotations: ["of": type]))
      let reply = try await hub.put(artifact, "team/model", reference: "\(artifact.descriptor.digest)")
      #expect(reply.status == 201 && reply["oci-subject"] == "\(subject.descriptor.digest)")
      made.append(artifact)
    }
    let all = try await hub.ask("GET", place)
    #expect(all["content-type"] == MediaType.imageIndex.rawValue && all["oci-filters-applied"] == nil)
    let found = try Index(raw: all.body, subject: "").content.manifests
    #expect(Set(found.map(\.digest)) == Set(made.map(\.descriptor.digest)))
    #expect(Set(found.compactMap { $0.annotations?["of"] }) == ["application/one", "application/two"])
    let one = try await hub.ask("GET", place + "?artifactType=application%2Fone")
    #expect(one["oci-filters-applied"] == "artifactType")
    #expect(
      try Index(raw: one.body, subject: "").content.manifests.map(\.artifactType?.rawValue) == ["application/one"])
    #expect(try await hub.ask("DELETE", "/v2/team/model/manifests/\(made[0].descriptor.digest)").status == 202)
    let left = try Index(raw: try await hub.ask("GET", place).body, subject: "").content.manifests
    #expect(left.map(\.digest) == [made[1].descriptor.digest])
  }

  @Test(
    "methods that a path does not support are 405",
    arguments: [
      ("POST", "/v2/"), ("PUT", "/v2/a/tags/list"), ("PATCH", "/v2/a/manifests/1"), ("GET", "/v2/a/blobs/uploads/"),
      ("DELETE", "/v2/_catalog"),
    ])
  func methods(_ method: String, _ path: String) async throws {
    let hub = try await TestHub()
    #expect(try await hub.ask(method, path).status == 405)
  }

  @Test("one connection serves several requests")
  func keepAlive() async throws {
    let hub = try await TestHub()
    let (host, port) = (hub.host, hub.server.port)
    let statuses = try await blocking {
      let connection = try RawConnection(port: port)
      return try ["/v2/", "/v2/x", "/v2/a/tags/list", "/v2/"].map { path in
        connection.send(TestHub.request("GET", path, host: host, isLast: false))
        return try connection.receiveResponse()?.status
      }
    }
    #expect(statuses == [200, 404, 404, 200])
  }

  @Test("invalid HTTP, or too many headers, ends the connection")
  func noHTTP() async throws {
    let hub = try await TestHub()
    let port = hub.server.port
    for text in ["\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 100_000)]
    {
      let reply = try await blocking {
        let connection = try RawConnection(port: port)
        connection.send(text)
        connection.finishSending()
        return try connection.receiveAll()
      }
      #expect(reply.hasPrefix("HTTP/1.1 400") || reply.hasPrefix("HTTP/1.1 431"))
    }
    #expect(try await hub.ask("GET", "/v2/").status == 200)
  }

  @Test("the number of connections is limited")
  func connections() async throws {
    var limits = HubLimits()
    limits.connections = 2
    let hub = try await TestHub(limits: limits)
    let (host, port) = (hub.host, hub.server.port)
    let statuses = try await blocking {
      let held = try (0..<2).map { _ in try RawConnection(port: port) }
      for one in held {
        one.send(TestHub.request("GET", "/v2/", host: host, isLast: false))
        _ = try one.receiveResponse()
      }
      let third = try RawConnection(port: port)
      third.send(TestHub.request("GET", "/v2/", host: host))
      let refused = try third.receiveAll()
      return (held.count, refused)
    }
    #expect(statuses.1.hasPrefix("HTTP/1.1 503"))
  }
}
