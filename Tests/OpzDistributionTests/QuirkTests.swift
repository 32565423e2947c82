import OpzHub
import OpzIO
import OpzOCI
import OpzRegistryKit
import OpzStore
import OpzTestKit
import Testing

@testable import OpzDistribution

/// Each deviation that the client copes with is described once, and something fails without it.
@Suite struct QuirkTests {
  private static let content = randomBytes(300_000)
  private static let blob = Descriptor.of(content, .layerTar)

  /// A client that copes with all deviations but those that `change` takes away.
  private static func remote(
    _ host: String, without change: (inout RemoteQuirks) -> Void
  ) throws -> RemoteRepository {
    var quirks = RemoteQuirks.known
    change(&quirks)
    let remote = try RemoteRepository(
      try Reference(host: host, repository: "team/model"), environment: [:], retry: .quick, scheme: nil, quirks: quirks)
    remote.learn { $0.requestMaximum = 100_000 }
    return remote
  }

  private static func strictly<Input, Decision>(
    _ decide: @escaping @Sendable (Input) -> Decision
  ) -> RemoteQuirk<Input, Decision> { RemoteQuirk(fact: "", source: "", decide: decide) }

  @Test func eachHasAFactAndASource() throws {
    let all = Mirror(reflecting: RemoteQuirks.known).children.map { ($0.label ?? "", $0.value as? any DescribedQuirk) }
    #expect(all.count == 13)
    let page = try FileBlob(PackageRoot.path(#filePath).appending("docs/reference/registries.md")).bytes()
    let documented = String(decoding: page, as: UTF8.self)
    for (name, quirk) in all {
      let quirk = try #require(quirk, "\(name)")
      #expect(!quirk.fact.isEmpty && !quirk.source.isEmpty, "\(name)")
      for issue in quirk.source.split(whereSeparator: { $0 == "," || $0 == " " }) where issue.contains("#") {
        #expect(documented.contains(issue), "\(name): \(issue) is not in docs/reference/registries.md")
      }
    }
  }

  @Test(arguments: [201, 204]) func aChunkThatIsAcceptedOtherwise(_ status: Int) async throws {
    let server = try SpecRegistry(.chunkStatus(status))
    let strict = try Self.remote(server.host) { $0.acceptsChunk = Self.strictly { $0 == 202 } }
    #expect(await failure { try await strict.put(Self.blob, from: BytesBlob(Self.content)) }?.code == .badResponse)
    try await Self.remote(server.host) { _ in }.put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    server.stop()
  }

  @Test(arguments: [404, 405, 416]) func aRegistryWithoutChunks(_ status: Int) async throws {
    let server = try SpecRegistry(.refusesChunks(status))
    let strict = try Self.remote(server.host) { $0.dependsOnUploadMethod = Self.strictly { _ in false } }
    #expect(await failure { try await strict.put(Self.blob, from: BytesBlob(Self.content)) }?.status == status)
    try await Self.remote(server.host) { _ in }.put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content))
    server.stop()
  }

  @Test(arguments: [true, false]) func anEmptyRange(_ copes: Bool) async throws {
    let server = try SpecRegistry(.dropsCutChunks, .emptyRange("0--1"), cuts: [50_000])
    let remote = try Self.remote(server.host) { if !copes { $0.isEmptyRange = Self.strictly { _ in false } } }
    try await remote.put(Self.blob, from: BytesBlob(Self.content))
    #expect(server.has(Self.content) && server.count("POST") == (copes ? 1 : 2))
    server.stop()
  }

  @Test(arguments: [true, false]) func aSubjectHeaderWithoutAList(_ copes: Bool) async throws {
    let server = try SpecRegistry(.noReferrers(saysSubject: true))
    let remote = try Self.remote(server.host) { if !copes { $0.provesReferrers = Self.strictly { _ in true } } }
    let image = try await RemoteFaultTests.putManifest(in: remote)
    let about = try Manifest(
      Manifest.Content(
        artifactType: MediaType("application/vnd.x.v1+json"), config: .emptyConfig, layers: [],
        subject: image.descriptor.withoutAnnotations))
    try await remote.put(about.descriptor, from: BytesBlob(about.raw))
    #expect(try await remote.referrers(of: image.descriptor.digest).count == (copes ? 1 : 0))
    server.stop()
  }
}
