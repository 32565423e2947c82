import OpzIO
import OpzTestKit
import Synchronization
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One of our two HTTP servers, as a program.
enum Peer: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case server = "opz-server"
  case hub = "opz-hub"

  var testDescription: String { rawValue }

  /// A body that `post` accepts, with a status that no broken request gets.
  var body: String {
    switch self {
    case .server: #"{"inputs":[{"name":"x","shape":[0,6],"datatype":"FP32","data":[]}]}"#
    case .hub: "hello"
    }
  }

  var post: String {
    switch self {
    case .server: "/v2/models/m/infer"
    case .hub: "/v2/a/blobs/uploads/?digest=\(Digest.of(Array(body.utf8)))"
    }
  }

  var posted: Int { self == .server ? 200 : 201 }

  /// Paths that response GET, and therefore also HEAD.
  var readable: [String] {
    switch self {
    case .server:
      ["/v2", "/v2/health/live", "/v2/health/ready", "/v2/models", "/v2/models/m", "/v2/models/stats", "/metrics"]
    case .hub:
      ["/v2/", "/v2/_catalog", "/v2/a/tags/list", "/v2/a/blobs/sha256:\(String(repeating: "0", count: 64))", "/token"]
    }
  }

  /// A path that does not take POST or does not take GET.
  var readOnly: String { self == .server ? "/v2/models/m" : "/v2/_catalog" }
  var writeOnly: String { self == .server ? "/v2/models/m/infer" : "/v2/a/blobs/uploads/" }

  /// How the program is started, with `directory` for what it writes.
  func command(_ directory: FilePath) throws -> [String] {
    switch self {
    case .server:
      let model = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        .appending("OpzServeTests/Fixtures/binary.json")
      return [
        try BuiltPrograms.debugServer().string, "--model", model.string, "--name", "m", "--host", "127.0.0.1", "--port",
        "0",
      ]
    case .hub:
      return [
        try BuiltPrograms.hub().string, "--registry", directory.appending("registry").string, "--listen", "127.0.0.1:0",
      ]
    }
  }

  /// The server that the conformance tests share.
  var port: Int {
    get throws {
      try Peer.shared.withLock { running in
        if let process = running[self] { return process.port }
        let process = try PeerProcess(self)
        if running.isEmpty { atexit { Peer.shared.withLock { $0.removeAll() } } }
        running[self] = process
        return process.port
      }
    }
  }

  private static let shared = Mutex<[Peer: PeerProcess]>([:])
}

/// A running server, killed with this value.
final class PeerProcess: @unchecked Sendable {
  let process: ChildProcess
  let port: Int
  private let directory: TemporaryDirectory
  private let log: FilePath

  /// - Parameter prefix: a command that starts the program.
  init(_ peer: Peer, prefix: [String] = [], environment: [String]? = nil) throws {
    directory = try TemporaryDirectory()
    log = directory.path.appending("log")
    process = try ChildProcess.start(
      prefix + peer.command(directory.path), environment: environment, output: .discarded, errors: .file(log))
    port = try PeerProcess.port(process, log)
  }

  deinit {
    process.send(signal: SIGKILL)
    process.wait()
  }

  var errors: String { String(decoding: (try? FileBlob(log).bytes()) ?? [], as: UTF8.self) }

  private static func port(_ process: ChildProcess, _ log: FilePath) throws -> Int {
    for _ in 0..<6000 {
      let text = String(decoding: (try? FileBlob(log).bytes()) ?? [], as: UTF8.self)
      if text.contains("\n"), let match = text.firstMatch(of: /"port":(\d+)/), let port = Int(match.1) { return port }
      if process.poll() != nil { break }
      usleep(10_000)
    }
    throw MissingProgram(
      "\(process.program), which said \(String(decoding: (try? FileBlob(log).bytes()) ?? [], as: UTF8.self))")
  }
}
