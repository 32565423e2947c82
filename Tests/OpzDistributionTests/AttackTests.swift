import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

/// Registries that send malicious content.
@Suite struct AttackTests {
  private typealias Answer = ScriptedServer.Answer
  private static let layer = randomBytes(10)

  /// Serves one document under each name, and the layer.
  private static func serve(_ document: String, type: MediaType = .imageManifest) throws -> ScriptedServer {
    try ScriptedServer { request in
      if request.path.contains("/manifests/") {
        return Answer(200, [("Content-Type", type.rawValue)], text: document)
      }
      if request.path.hasSuffix(Descriptor.emptyConfig.digest.description) { return Answer(200, text: "{}") }
      return Answer(200, body: layer)
    }
  }

  private static func manifest(_ layer: String, more: String = "") -> String {
    """
    {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":\
    {"mediaType":"application/vnd.oci.empty.v1+json","digest":"\(Descriptor.emptyConfig.digest.description)","size":2},\
    "layers":[\(layer)]\(more)}
    """
  }

  private static func descriptor(_ digest: String, size: String = "10", more: String = "") -> String {
    "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"\(digest)\",\"size\":\(size)\(more)}"
  }

  private static var good: String { Digest.of(layer).description }

  private func pull(_ server: ScriptedServer, to store: some ContentStore) async throws {
    let remote = try repository(server.host)
    _ = try await copy(try await remote.resolve("latest"), from: remote, to: store)
  }

  @Test func theSameWithoutHarmIsPulled() async throws {
    let server = try Self.serve(Self.manifest(Self.descriptor(Self.good)))
    let store = MemoryStore()
    try await pull(server, to: store)
    #expect(try await store.contains(.of(Self.layer, .layerTar)))
  }

  /// CVE-2021-41190: a document that two readers read differently.
  @Test(arguments: [
    #","manifests":[]"#,
    #","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:00","size":1}]"#,
  ])
  func aDocumentThatIsTwoThings(_ more: String) async throws {
    let server = try Self.serve(Self.manifest(Self.descriptor(Self.good), more: more))
    await #expect(throws: OCIError.self) { try await pull(server, to: MemoryStore()) }
  }

  @Test func aDocumentThatIsAnnouncedAsAnother() async throws {
    let server = try Self.serve(Self.manifest(Self.descriptor(Self.good)), type: .imageIndex)
    let error = await failure { try await pull(server, to: MemoryStore()) }
    #expect(error?.code == .badResponse)
  }

  /// CVE-2024-3727, CVE-2024-37032: a digest that becomes part of a path or an address.
  @Test(arguments: [
    "sha256:../../../../etc/passwd", "sha256:", "", "sha256", "../x", "sha256:00", "sha1:aa",
    "SHA256:\(String(repeating: "a", count: 64))",
    "sha256:\(String(repeating: "A", count: 64))", "sha256:\(String(repeating: "a", count: 63))/",
    "sha256:\(String(repeating: "a", count: 65))", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:%2e%2e%2f",
  ])
  func aDigestThatIsNone(_ digest: String) async throws {
    let server = try Self.serve(Self.manifest(Self.descriptor(digest)))
    let directory = try TemporaryDirectory()
    let store = try LayoutStore.create(directory.path.appending("layout"))
    await #expect(throws: (any Error).self) { try await pull(server, to: store) }
    #expect(server.requests.allSatisfy { $0.path.contains("/manifests/") }, "nothing was asked for by that name")
  }

  /// Sizes that are wrong, too large or not numbers are refused before anything is allocated.
  @Test(arguments: [
    "18446744073709551615", "9223372036854775807", "-1", "1e30", "\"10\"", "null", "11", "9", "18446744073709551616",
  ])
  func aSizeThatIsNone(_ size: String) async throws {
    let server = try Self.serve(Self.manifest(Self.descriptor(Self.good, size: size)))
    let directory = try TemporaryDirectory()
    let store = try LayoutStore.create(directory.path.appending("layout"))
    await #expect(throws: (any Error).self) { try await pull(server, to: store) }
    #expect(try !store.has(.of(Self.layer, .layerTar)))
  }

  /// A layer may list other addresses of its content. Nothing is fetched from there.
  @Test func addressesInADescriptorAreNotAsked() async throws {
    let sink = try ScriptedServer { _ in Answer(200, body: Self.layer) }
    let urls = ",\"urls\":[\"http://\(sink.host)/layer\"]"
    let server = try Self.serve(Self.manifest(Self.descriptor(Self.good, more: urls)))
    try await pull(server, to: MemoryStore())
    #expect(sink.requests.isEmpty)
  }

  @Test func aTokenWithoutEnd() async throws {
    let tokens = try ScriptedServer { _ in
      Answer(200, text: "{\"token\":\"" + String(repeating: "a", count: 1 << 20) + "\"}")
    }
    let server = try ScriptedServer { _ in
      Answer(401, [("WWW-Authenticate", "Bearer realm=\"http://\(tokens.host)/t\",service=\"s\"")])
    }
    #expect(await failure { try await repository(server.host).resolve("latest") }?.code == .tooLarge)
  }

  @Test func aRefusalWithoutEnd() async throws {
    let server = try ScriptedServer { _ in Answer(403, body: [UInt8](repeating: 120, count: 8 << 20)) }
    let error = await failure { try await repository(server.host).resolve("latest") }
    #expect(error?.code == .denied)
    #expect((error?.description.count ?? .max) < 1000)
  }

  @Test(arguments: [
    (403, "application/json", #"{"errors":[{"code":"DENIED","message":"exceeds the project quota"}]}"#, "quota"),
    (507, "text/plain", "", "quota"), (413, "text/html", "<html>too large</html>", "proxy"),
    (404, "application/json", #"{"errors":[{"code":"NAME_UNKNOWN","message":"no"}]}"#, "no such repository"),
    (403, "application/json", #"{"errors":[{"code":"DENIED"}]}"#, "right"),
  ])
  func aRefusalSaysWhatHelps(_ status: Int, _ type: String, body: String, hint: String) async throws {
    let server = try ScriptedServer { _ in Answer(status, [("Content-Type", type)], text: body) }
    let error = await failure { try await repository(server.host).resolve("latest") }
    #expect(error?.hint?.contains(hint) == true, "\(error?.description ?? "")")
    #expect(error?.status == status)
    #expect(type != "text/html" || error?.reason.contains("a proxy in front of the registry answered") == true)
  }
}
