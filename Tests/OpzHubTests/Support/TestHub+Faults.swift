import OpzHTTPServer
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTestKit

@testable import OpzHub

extension TestHub {
  /// A hub with the faults of a plan.
  convenience init(plan: FaultPlan) async throws {
    try await self.init(limits: HubLimits()) { Rehearsal(plan, before: $0) }
  }

  convenience init(struckBy rule: FaultRule) async throws { try await self.init(plan: FaultPlan([rule])) }

  /// How many requests were struck by a fault.
  var struck: Int { (responder as? Rehearsal)?.faults.struck ?? 0 }

  /// Sends bytes on a new connection and reads until its end.
  func see(_ sent: [UInt8]) async throws -> Seen {
    let port = server.port
    return try await blocking {
      let connection = try RawConnection(port: port)
      connection.send(sent)
      var all: [UInt8] = []
      while let piece = try connection.receive() { all += piece }
      return Seen(bytes: all, wasReset: connection.wasReset)
    }
  }

  /// The bytes of a valid request of this kind; what it needs is first stored in the registry, bypassing the faults.
  func prepare(_ kind: RequestKind) async throws -> [UInt8] {
    let digest = try registry.store.put(FaultTests.blob, .layerTar).digest
    try registry.store.put(Array("{}".utf8), .empty)
    let manifest = try Manifest(
      .init(config: .emptyConfig, layers: [.of(FaultTests.blob, .layerTar)], subject: .of([1], .imageManifest)))
    guard let name = RepositoryName("a") else { return [] }
    switch kind {
    case .blobGet: return TestHub.request("GET", "/v2/a/blobs/\(digest)", host: host)
    case .manifestGet:
      _ = try registry.repository(name).put(manifest.raw, .imageManifest, tags: ["1"])
      return TestHub.request("GET", "/v2/a/manifests/1", host: host)
    case .manifestPut:
      return TestHub.request(
        "PUT", "/v2/a/manifests/1", headers: [("Content-Type", MediaType.imageManifest.rawValue)], body: manifest.raw,
        host: host
      )
    case .uploadStart: return TestHub.request("POST", "/v2/a/blobs/uploads/", host: host)
    case .uploadChunk:
      let place = try await ask("POST", "/v2/a/blobs/uploads/")["location"] ?? ""
      return TestHub.request("PATCH", place, body: FaultTests.blob, host: host)
    case .token: return TestHub.request("GET", "/token?service=opz-hub&scope=repository:a:pull", host: host)
    default: return TestHub.request("GET", "/v2/", host: host)
    }
  }
}
