import FoundationEssentials
import OpzHTTP
import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import Synchronization
import SystemPackage

@testable import OpzDistribution

/// Remembers all that it is told.
final class RecordedProgress: ProgressSink {
  private let recorded = Mutex<[ProgressEvent]>([])

  func report(_ event: ProgressEvent) { recorded.withLock { $0.append(event) } }

  var events: [ProgressEvent] { recorded.withLock { $0 } }
  var notes: [String] { events.compactMap { if case .note(let text) = $0 { text } else { nil } } }
  var outcomes: [ProgressOutcome] {
    events.compactMap { if case .finished(_, let outcome) = $0 { outcome } else { nil } }
  }
  /// Bytes that count: those after the last restart.
  var bytes: UInt64 {
    events.reduce(0) { sum, event in
      switch event {
      case .advanced(_, let bytes): sum + bytes
      case .restarted: 0
      case .kept(_, let bytes): sum + bytes
      case .repeated(_, let bytes): sum - bytes
      default: sum
      }
    }
  }
}

extension RetryPolicy {
  /// For tests: the same rules, short waits.
  static let quick = RetryPolicy(attempts: 5, base: 0.01, longest: 0.05, deadline: 6000)
}

/// A directory with docker's `config.json` in it, and the environment that names it.
struct DockerConfig {
  let directory: TemporaryDirectory

  init(_ json: String) throws {
    directory = try TemporaryDirectory()
    try directory.write("config.json", json)
  }

  init(_ host: String, user: String, password: String) throws {
    let auth = Data("\(user):\(password)".utf8).base64EncodedString()
    try self.init(#"{"auths":{"\#(host)":{"auth":"\#(auth)"}}}"#)
  }

  var environment: [String: String] { ["DOCKER_CONFIG": directory.path.string, "PATH": directory.path.string] }
}

func repository(
  _ host: String, _ name: String = "team/model", environment: [String: String] = [:],
  mounts: [Digest: [String]] = [:], progress: any ProgressSink = NoProgress(), retry: RetryPolicy = .quick,
  state: TransferState? = nil
) throws -> RemoteRepository {
  try RemoteRepository(
    try Reference(host: host, repository: name), environment: environment, mounts: MountOrigins(known: mounts),
    userAgent: "opz-tests/1", progress: progress, state: state, retry: retry)
}

/// Reads a blob from an offset to its end, on a thread of our own.
func readAll(_ blob: any Blob, from offset: UInt64 = 0) async throws -> [UInt8] {
  try await blocking {
    let source = try blob.open(at: offset)
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 100_000)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
      if count == 0 { return all }
      all += buffer.prefix(count)
    }
  }
}

/// The error that `body` throws.
func failure<Value>(_ body: () async throws -> Value) async -> DistributionError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return error as? DistributionError
  }
}
