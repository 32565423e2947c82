import OpzIO
import OpzOCI
import OpzRegistry
import OpzTestKit
import Synchronization
import Testing

@testable import OpzHub

@Suite("a killed hub")
struct CrashTests {
  @Test("after kill -9 during pushes, acknowledged content is there, fsck is clean, and a push works")
  func killed() async throws {
    let directory = try TemporaryDirectory()
    let place = directory.path.appending("registry")
    let registry = try Registry.create(place)
    let acknowledged = Acknowledged()
    for round in 0..<6 {
      let hub = try await blocking { try HubProcess(place, in: directory) }
      await withTaskGroup(of: Void.self) { group in
        for lane in 0..<4 {
          group.addTask {
            for step in 0..<1000 {
              let tag = "\(round).\(lane).\(step)"
              guard let manifest = try? await push(tag, hub.port) else { return }
              acknowledged.add(tag, manifest)
            }
          }
        }
        group.addTask {
          // After a number of pushes rather than a time, so that the test works on a slow machine.
          let goal = acknowledged.all.count + 3 + 5 * round
          while acknowledged.all.count < goal { try? await Task.sleep(for: .milliseconds(2)) }
          try? await blocking { hub.kill() }
        }
      }
      #expect(try await registry.fsck().problems == [])
    }
    let hub = try await blocking { try HubProcess(place, in: directory) }
    for (tag, manifest) in acknowledged.all {
      let reply = try await TestHub.ask(port: hub.port, "GET", "/v2/team/model/manifests/\(tag)")
      #expect(reply.status == 200 && reply.body == manifest.raw, "\(tag)")
    }
    _ = try await push("last", hub.port)
  }

  @Test("an upload survives a restart: the next hub reports its range and completes it")
  func resumed() async throws {
    let directory = try TemporaryDirectory()
    let place = directory.path.appending("registry")
    let data = bytes(500_000)
    let first = try await blocking { try HubProcess(place, in: directory) }
    let upload = try #require(try await TestHub.ask(port: first.port, "POST", "/v2/a/blobs/uploads/")["location"])
    _ = try await TestHub.ask(port: first.port, "PATCH", upload, body: Array(data[..<200_000]))
    first.kill()
    let second = try await blocking { try HubProcess(place, in: directory) }
    let status = try await TestHub.ask(port: second.port, "GET", upload)
    #expect(status.status == 204 && status["range"] == "0-199999")
    _ = try await TestHub.ask(port: second.port, "PATCH", upload, body: Array(data[200_000...]))
    #expect(try await TestHub.ask(port: second.port, "PUT", "\(upload)?digest=\(Digest.of(data))").status == 201)
    #expect(try await Registry.open(place).fsck().problems == [])
  }

  @Test("when a body is cut, the received bytes are kept and the upload can be resumed")
  func cut() async throws {
    let hub = try await TestHub()
    let data = bytes(500_000)
    let upload = try #require(try await hub.ask("POST", "/v2/a/blobs/uploads/")["location"])
    let (host, port) = (hub.host, hub.server.port)
    try await blocking {
      let connection = try RawConnection(port: port)
      connection.send(
        TestHub.request("PATCH", upload, headers: [("Content-Length", "\(data.count)")], host: host) + data[..<100_000])
      connection.finishSending()
      _ = try connection.receiveAll()
    }
    let status = try await hub.ask("GET", upload)
    #expect(status["range"] == "0-99999")
    _ = try await hub.ask("PATCH", upload, headers: [("Content-Range", "100000-499999")], body: Array(data[100_000...]))
    #expect(try await hub.ask("PUT", "\(upload)?digest=\(Digest.of(data))").status == 201)
  }
}

private final class Acknowledged: Sendable {
  private let pushed = Mutex<[(tag: String, manifest: Manifest)]>([])

  var all: [(tag: String, manifest: Manifest)] { pushed.withLock { $0 } }
  func add(_ tag: String, _ manifest: Manifest) { pushed.withLock { $0.append((tag, manifest)) } }
}

private func push(_ tag: String, _ port: Int) async throws -> Manifest {
  let layer = Array("layer of \(tag)".utf8) + bytes(100_000)
  for blob in [Array("{}".utf8), layer] {
    let place = try await TestHub.ask(port: port, "POST", "/v2/team/model/blobs/uploads/")["location"] ?? ""
    let middle = blob.count / 2
    _ = try await TestHub.ask(port: port, "PATCH", place, body: Array(blob[..<middle]))
    let end = try await TestHub.ask(
      port: port, "PUT", "\(place)?digest=\(Digest.of(blob))", body: Array(blob[middle...]))
    guard end.status == 201 else { throw RawConnection.Failure(description: "\(end.status)") }
  }
  let manifest = try Manifest(.init(config: .emptyConfig, layers: [.of(layer, .layerTar)]))
  let reply = try await TestHub.ask(
    port: port, "PUT", "/v2/team/model/manifests/\(tag)",
    headers: [("Content-Type", MediaType.imageManifest.rawValue)], body: manifest.raw)
  guard reply.status == 201 else { throw RawConnection.Failure(description: "\(reply.status)") }
  return manifest
}
