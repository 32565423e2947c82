public import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A Docker engine for one test, with its own data and socket and without network. It needs root.
public final class DockerEngine: Sendable {
  private let directory: TemporaryDirectory
  private let engine: ChildProcess

  /// The value of DOCKER_HOST for another client.
  public var address: String { "unix://\(directory.path)/docker.sock" }

  /// Starts a Docker daemon with its own directories, and waits until it responds.
  /// - Throws: when it does not.
  public init() async throws {
    directory = try TemporaryDirectory()
    let place = directory.path
    engine = try ChildProcess.start(
      [
        "dockerd", "--data-root", "\(place)/data", "--exec-root", "\(place)/exec", "--pidfile", "\(place)/pid", "-H",
        "unix://\(place)/docker.sock", "--bridge", "none", "--iptables=false",
      ], output: .discarded, errors: .file(place.appending("log")))
    for _ in 0..<600 {
      if let answer = try? await docker("version"), answer.status == 0 { return }
      if engine.poll() != nil { break }
      try await Task.sleep(for: .milliseconds(100))
    }
    let log =
      (try? FileBlob(place.appending("log")).bytes()).map { String(decoding: $0.suffix(1000), as: UTF8.self) } ?? ""
    throw MissingProgram("a docker engine that starts (\(log))")
  }

  deinit {
    engine.send(signal: SIGTERM)
    engine.wait()
    _ = try? ChildProcess.run([
      "sh", "-c",
      "umount \(directory.path)/data/overlay2/*/merged 2>/dev/null; umount -R \(directory.path)/exec/* 2>/dev/null; true",
    ])
  }

  /// Runs the docker client against this engine.
  public func docker(_ arguments: String...) async throws -> ChildProcess.Output { try await docker(arguments) }

  /// Runs the docker client with these arguments against this engine.
  public func docker(_ arguments: [String]) async throws -> ChildProcess.Output {
    let command = ["docker", "-H", address] + arguments
    return try await blocking {
      try ChildProcess.run(
        command,
        environment: ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "DOCKER_BUILDKIT=0", "HOME=/nonexistent"])
    }
  }
}
