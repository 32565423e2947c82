import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzHub

/// What is pushed, as the registry on the disk has it.
@Suite("pushed repositories on the disk")
struct StoreTests {
  @Test("a collection keeps what repositories name, and takes it when they do not any more")
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

  @Test("a collection removes old uploads, and no young ones")
  func uploads() async throws {
    let hub = try await TestHub()
    let place = try #require(try await hub.ask("POST", "/v2/a/blobs/uploads/")["location"])
    var options = Registry.CollectionOptions()
    #expect(try hub.registry.collect(options, by: Author(actor: "tester")).temporary == 0)
    #expect(try await hub.ask("GET", place).status == 204)
    options.grace = -60
    #expect(try hub.registry.collect(options, by: Author(actor: "tester")).temporary == 1)
  }

  @Test("fsck names a pushed manifest whose layer is gone or rotten, and a tag without its manifest")
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

  @Test("versions and aliases of a model are tags that can be pulled and not pushed")
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
      let reply = try await hub.put(tag == "latest" ? image : newer, "crm/churn", tag)
      #expect(reply.status == 403 && reply.code == "DENIED", "\(tag)")
    }
    #expect(try await hub.put(image, "crm/churn", "1.0.0").status == 201, "the same again changes nothing")
    #expect(try await hub.put(newer, "crm/churn", "mine").status == 201)
    #expect(try await hub.registry.fsck().problems == [])
  }

  @Test("pushes of one tag at once leave one of them, whole")
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
