import OpzHTTP
import OpzHTTPServer
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import Synchronization

@testable import OpzDistribution
@testable import OpzHub

/// Forwards requests to another responder, which can be replaced between two runs.
final class Stage: Responder {
  private let registry: any Responder
  private let present: Mutex<any Responder>

  init(_ registry: any Responder) {
    self.registry = registry
    present = Mutex(registry)
  }

  func play(_ plan: FaultPlan) { present.withLock { $0 = Rehearsal(plan, before: registry) } }

  func respond(to request: HubRequest, _ body: any RequestBody) async throws -> Response {
    try await present.withLock { $0 }.respond(to: request, body)
  }
}

/// One push or pull of opz's own client against a hub that fails.
struct MatrixRun: Sendable {
  enum Outcome: Sendable, Equatable {
    case success
    /// A typed error.
    case refused(String)
    /// An outcome that must not happen.
    case wrong(String)
  }

  let hub: TestHub
  let stage: Stage
  let repository: String
  let layers: [[UInt8]]
  /// Sends everything larger than 64 KiB in chunks of that size, as if the client had learned this limit.
  var isChunked = false
  let config = Array("{}".utf8)

  /// Far longer than any run takes, retries included: a run that takes longer hangs.
  static let deadline = Duration.seconds(120)

  var manifest: Manifest {
    get throws {
      try Manifest(
        .init(
          config: .emptyConfig, layers: layers.map { .of($0, .layerTar) }, annotations: ["repository": repository]))
    }
  }

  /// The client, with short timeouts and waits.
  private var client: RemoteRepository {
    get throws {
      let repository = try RemoteRepository(
        Reference(host: hub.host, repository: repository), environment: [:], userAgent: "opz-tests/1",
        retry: RetryPolicy(attempts: 4, base: 0.01, longest: 0.05, deadline: 10))
      if isChunked { repository.client.profiles.learn { $0.requestMaximum = RemoteRegistryProfile.smallestRequest } }
      return repository
    }
  }

  func push(_ plan: FaultPlan) async -> Outcome {
    await ended {
      let source = MemoryStore()
      for layer in layers { try await source.put(.of(layer, .layerTar), from: BytesBlob(layer)) }
      try await source.put(.emptyConfig, from: BytesBlob(config))
      let manifest = try manifest
      try await source.put(manifest.descriptor, from: BytesBlob(manifest.raw))
      stage.play(plan)
      let client = try client
      _ = try await copy(manifest.descriptor, from: source, to: client)
      try await client.tag(manifest.descriptor, as: "1")
      // As `opz push` does: after success is reported, check the result.
      guard try await client.resolve("1").digest == manifest.descriptor.digest else {
        return "the tag is another manifest"
      }
      return try problem(manifest)
    }
  }

  func pull(_ plan: FaultPlan) async -> Outcome {
    await ended {
      for layer in layers { try hub.registry.store.put(layer, .layerTar) }
      try hub.registry.store.put(config, .empty)
      let manifest = try manifest
      guard let name = RepositoryName(repository) else { return "no name" }
      _ = try hub.registry.repository(name).put(manifest.raw, .imageManifest, tags: ["1"])
      stage.play(plan)
      let client = try client
      let found = try await client.resolve("1")
      guard found.digest == manifest.descriptor.digest else { return "the tag is another manifest" }
      let destination = MemoryStore()
      _ = try await copy(found, from: client, to: destination)
      for layer in layers where try await destination.blob(.of(layer, .layerTar)).bytes() != layer {
        return "another layer"
      }
      return try await destination.blob(manifest.descriptor).bytes() == manifest.raw ? nil : "another manifest"
    }
  }

  /// What differs on the disk from what the client was told.
  private func problem(_ manifest: Manifest) throws -> String? {
    guard let name = RepositoryName(repository) else { return "no name" }
    guard try hub.registry.repository(name).resolve("1")?.digest == manifest.descriptor.digest else {
      return "the tag is not there"
    }
    for layer in layers where try hub.registry.store.file(.of(layer, .layerTar)).bytes() != layer {
      return "a layer is another"
    }
    return try hub.registry.store.file(manifest.descriptor).bytes() == manifest.raw ? nil : "the manifest is another"
  }

  private func ended(_ work: @escaping @Sendable () async throws -> String?) async -> Outcome {
    await withTaskGroup(of: Outcome.self) { group in
      group.addTask {
        do {
          return try await work().map { .wrong("a wrong success: \($0)") } ?? .success
        } catch let error as DistributionError {
          return .refused("\(error.code)")
        } catch let error as StoreError where error.category == .verification || error.category == .notFound {
          return .refused("\(error.code)")
        } catch {
          return .wrong("an error that is not typed: \(error)")
        }
      }
      group.addTask {
        try? await Task.sleep(for: MatrixRun.deadline)
        return .wrong("a hang")
      }
      let first = await group.next() ?? .wrong("nothing")
      group.cancelAll()
      return first
    }
  }
}
