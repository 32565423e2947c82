import OpzDistribution
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzHub

/// Pushed content, as stored in the registry on the disk.
@Suite("pushed repositories on the disk")
struct StoreTests {
  @Test("garbage collection keeps what repositories name, and removes it when they no longer do")
  func collection() async throws {
    let hub = try await TestHub()
    let layer = bytes(5000)
    let manifest = try await hub.push(image: layer, tag: "1")
    try await hub.push(bytes(77, seed: 9))
    var options = Registry.CollectionOptions()
    options.grace = -60
    options.elsewhere = [.of(layer)]
    let first = try hub.registry.collect(options, by: Author(actor: "tester"))
    #expect(first.dropped.map(\.digest) == [.of(bytes(77, seed: 9))])
    #expect(try await hub.ask("GET", "/v2/team/model/blobs/\(Digest.of(layer))").body == layer)
    #expect(try await hub.registry.fsck().problems == [])
    _ = try await hub.ask("DELETE", "/v2/team/model/manifests/\(manifest.descriptor.digest)")
    let second = try hub.registry.collect(options, by: Author(actor: "tester"))
    #expect(second.dropped.count == 3)
  }

  @Test("garbage collection removes old uploads, but no recent ones")
  func uploads() async throws {
    let hub = try await TestHub()
    let place = try #require(try await hub.ask("POST", "/v2/a/blobs/uploads/")["location"])
    var options = Registry.CollectionOptions()
    #expect(try hub.registry.collect(options, by: Author(actor: "tester")).temporary == 0)
    #expect(try await hub.ask("GET", place).status == 204)
    options.grace = -60
    #expect(try hub.registry.collect(options, by: Author(actor: "tester")).temporary == 1)
  }

  @Test("fsck names a pushed manifest whose layer is missing or corrupt, and a tag without its manifest")
  func fsck() async throws {
    let hub = try await TestHub()
    let layer = bytes(5000)
    let manifest = try await hub.push(image: layer, tag: "1")
    #expect(try await hub.registry.fsck().problems == [])
    let file = hub.registry.store.path(of: .of(layer))
    try Durable.remove(file)
    let lost = try await hub.registry.fsck().problems
    #expect(lost.map(\.subject) == ["repositories/team/model@\(manifest.descriptor.digest)"])
    try Durable.replace(file, with: [1])
    #expect(try await hub.registry.fsck().problems.count == 2)
    try await hub.push(layer)
    #expect(try await hub.registry.fsck().problems == [], "a push puts back what is damaged")
    let link = hub.registry.root.appending(
      "repositories/team/model/_manifests/sha256/\(manifest.descriptor.digest.hex)")
    try Durable.remove(link)
    #expect(try await hub.registry.fsck().problems.map(\.subject) == ["repositories/team/model:1"])
  }

  @Test("versions and aliases of a model are tags that can be pulled but not pushed")
  func model() async throws {
    let hub = try await TestHub()
    let image = try add("crm/churn", "1.0.0", to: hub.registry)
    let newer = try add("crm/churn", "1.1.0+b1", to: hub.registry)
    let version = try hub.registry.find(LocalReference(parsing: "crm/churn@1.0.0"))
    try hub.registry.set(AliasName(parsing: "production"), to: version, by: Author(actor: "tester"))
    let list = try await hub.ask("GET", "/v2/crm/churn/tags/list")
    #expect(list.text == #"{"name":"crm/churn","tags":["1.0.0","1.1.0_b1","latest","production"]}"#)
    for (tag, expected) in [("1.0.0", image), ("production", image), ("1.1.0_b1", newer), ("latest", newer)] {
      let reply = try await hub.ask("GET", "/v2/crm/churn/manifests/\(tag)")
      #expect(reply.status == 200 && reply.body == expected.raw, "\(tag)")
    }
    #expect(try await hub.ask("GET", "/v2/_catalog").text == #"{"repositories":["crm/churn"]}"#)
    #expect(try await hub.ask("GET", "/v2/crm/churn/manifests/\(image.descriptor.digest)").body == image.raw)
    let referrers = try await hub.ask("GET", "/v2/crm/churn/referrers/\(image.descriptor.digest)")
    let record = try Index(raw: referrers.body, subject: "").content.manifests
    #expect(record.map(\.artifactType?.rawValue) == ["application/vnd.opz.version.v1+json"])
    #expect(try await hub.ask("GET", "/v2/crm/churn/manifests/\(record[0].digest)").status == 200)
    for tag in ["1.0.0", "production", "latest"] {
      let reply = try await hub.put(tag == "latest" ? image : newer, "crm/churn", reference: tag)
      #expect(reply.status == 403 && reply.code == "DENIED", "\(tag)")
    }
    #expect(try await hub.put(image, "crm/churn", reference: "1.0.0").status == 201, "the same again changes nothing")
    #expect(try await hub.put(newer, "crm/churn", reference: "mine").status == 201)
    #expect(try await hub.registry.fsck().problems == [])
  }

  /// Writes an artifact about an image to the store of a registry.
  private func note(_ text: String, about image: Descriptor, in registry: Registry) throws -> Manifest {
    try registry.store.put(Array("{}".utf8), .empty)
    let manifest = try Manifest(
      .init(
        artifactType: MediaType("application/vnd.example+json"), config: .emptyConfig, layers: [],
        subject: image.withoutAnnotations,
        annotations: ["text": text]))
    try registry.store.put(manifest.raw, .imageManifest)
    return manifest
  }

  private func list(_ reply: Reply) throws -> [Descriptor] {
    #expect(reply.status == 200, "\(reply.text)")
    return try Index(raw: reply.body, subject: "").content.manifests
  }

  @Test("attachments of a version are listed as referrers of its image, also by type, and are removed with it")
  func attached() async throws {
    let hub = try await TestHub()
    let image = try add("crm/churn", "1.0.0", to: hub.registry)
    let version = try hub.registry.find(LocalReference(parsing: "crm/churn@1.0.0"))
    let author = Author(actor: "tester")
    let signature = try note("signature", about: image.descriptor, in: hub.registry)
    try hub.registry.attach(signature, to: version, by: author)
    // An artifact about the signature, which is not attached to the version itself.
    let counter = try note("counter", about: signature.descriptor, in: hub.registry)
    try hub.registry.note(
      .pulled, version, by: author,
      details: ["source": .string("r.example/x:1"), "referrers": .array([try JSONValue(encoding: counter.descriptor)])])
    let place = "/v2/crm/churn/referrers/"
    let all = try list(try await hub.ask("GET", place + "\(image.descriptor.digest)"))
    #expect(Set(all.map(\.digest)) == [version.artifact.digest, signature.descriptor.digest])
    #expect(all.first { $0.digest == signature.descriptor.digest }?.annotations == ["text": "signature"])
    for filter in ["application/vnd.example%2Bjson", "application/vnd.example+json"] {
      let reply = try await hub.ask("GET", place + "\(image.descriptor.digest)?artifactType=\(filter)")
      #expect(try list(reply).map(\.digest) == [signature.descriptor.digest])
      #expect(reply["oci-filters-applied"] == "artifactType")
    }
    let second = try list(try await hub.ask("GET", place + "\(signature.descriptor.digest)"))
    #expect(second.map(\.digest) == [counter.descriptor.digest])
    for digest in [
      image.descriptor.digest, version.artifact.digest, signature.descriptor.digest, counter.descriptor.digest,
    ] {
      #expect(try await hub.ask("GET", "/v2/crm/churn/manifests/\(digest)").status == 200)
      let reply = try await hub.ask("DELETE", "/v2/crm/churn/manifests/\(digest)")
      #expect(reply.status == 405 && reply.code == "UNSUPPORTED")
      #expect(try await hub.ask("GET", "/v2/crm/churn/manifests/\(digest)").status == 200)
    }
    for tag in ["1.0.0", "latest"] {
      #expect(try await hub.ask("DELETE", "/v2/crm/churn/manifests/\(tag)").status == 405)
    }
  }

  @Test("content pushed to a model's repository belongs only to it, and is removed when it is deleted")
  func deleted() async throws {
    let hub = try await TestHub()
    let image = try add("crm/churn", "1.0.0", to: hub.registry)
    let pushed = try await hub.push(image: bytes(100), to: "crm/churn", tag: "mine", subject: image.descriptor)
    let place = "/v2/crm/churn/manifests/\(pushed.descriptor.digest)"
    #expect(try await hub.ask("GET", place).status == 200)
    #expect(try list(try await hub.ask("GET", "/v2/crm/churn/referrers/\(image.descriptor.digest)")).count == 2)
    #expect(try await hub.ask("DELETE", place).status == 202)
    for target in [place, "/v2/crm/churn/manifests/mine"] {
      #expect(try await hub.ask("GET", target).status == 404)
      #expect(try await hub.ask("DELETE", target).status == 404)
    }
    #expect(try list(try await hub.ask("GET", "/v2/crm/churn/referrers/\(image.descriptor.digest)")).count == 1)
    let other = try await hub.push(image: bytes(100, seed: 2), to: "team/other", tag: "1")
    #expect(try await hub.ask("GET", "/v2/crm/churn/manifests/\(other.descriptor.digest)").status == 404)
    #expect(try await hub.registry.fsck().problems == [])
  }

  @Test("long lists are split into pages that are no larger than a manifest may be")
  func pages() async throws {
    let hub = try await TestHub()
    let image = try add("crm/churn", "1.0.0", to: hub.registry)
    let version = try hub.registry.find(LocalReference(parsing: "crm/churn@1.0.0"))
    var expected: Set<Digest> = [version.artifact.digest]
    for number in 0..<7 {
      // One entry alone is larger than a page.
      let text = String(repeating: "\(number)", count: number == 6 ? 3 << 20 : 400_000)
      let made = try note(text, about: image.descriptor, in: hub.registry)
      expected.insert(made.descriptor.digest)
      try hub.registry.repository(try #require(RepositoryName("crm/churn"))).put(made.raw, .imageManifest)
    }
    for first in ["", "?n=2", "?n=1", "?n=100000", "?n=0"] {
      var found: [Digest] = []
      var next: String? = "/v2/crm/churn/referrers/\(image.descriptor.digest)\(first)"
      var pages = 0
      while let target = next, pages < 20 {
        let reply = try await hub.ask("GET", target)
        #expect(reply.body.count <= 2 << 20)
        found += try list(reply).map(\.digest)
        pages += 1
        next = reply["link"].map { String($0.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" }) }
      }
      #expect(Set(found) == expected && found.count == expected.count, "\(first)")
      #expect(pages >= (first == "?n=2" ? 4 : first == "?n=1" ? 8 : 2))
    }
    for wrong in ["?n=x", "?n=-1", "?last=x"] {
      let reply = try await hub.ask("GET", "/v2/crm/churn/referrers/\(image.descriptor.digest)\(wrong)")
      #expect(reply.status == 400, "\(wrong)")
    }
    let remote = try RemoteRepository(
      Reference(host: hub.host, repository: "crm/churn"), environment: [:], userAgent: "opz-tests/1")
    #expect(Set(try await remote.referrers(of: image.descriptor.digest).map(\.digest)) == expected)
  }

  @Test("concurrent pushes of the same tag leave one of them, complete")
  func parallel() async throws {
    let hub = try await TestHub()
    let pushed = try await withThrowingTaskGroup(of: Manifest.self) { group in
      for seed in 1...8 { group.addTask { try await hub.push(image: bytes(2000, seed: UInt64(seed)), tag: "1") } }
      return try await group.reduce(into: [[UInt8]]()) { $0.append($1.raw) }
    }
    let left = try await hub.ask("GET", "/v2/team/model/manifests/1").body
    #expect(pushed.contains(left))
    #expect(try await hub.registry.fsck().problems == [])
    #expect(try hub.directory.tree().filter { $0.contains(".opz-tmp-") } == [])
  }

  private func add(_ name: String, _ version: String, to registry: Registry) throws -> Manifest {
    let config = Array(
      #"{"architecture":"amd64","os":"linux","author":"\#(version)","rootfs":{"type":"layers","diff_ids":[]}}"#.utf8)
    let manifest = try Manifest(.init(config: .of(config, .imageConfig), layers: []))
    try registry.store.put(config, .imageConfig)
    try registry.store.put(manifest.raw, .imageManifest)
    let record = VersionRecord(
      name: name, version: version, created: "2026-01-01T00:00:00Z", tool: "test", image: manifest.descriptor,
      content: .of(config), runtime: .init(kind: "model"), platforms: ["linux/amd64"], layers: [], files: [],
      model: nil,
      lineage: Lineage(tags: [:]), deploy: nil, pushTo: nil, tests: [])
    _ = try registry.record(try ModelName(name), by: Author(actor: "tester")) { _ in
      .new(record, try #require(SemanticVersion(version)))
    }
    return manifest
  }
}
