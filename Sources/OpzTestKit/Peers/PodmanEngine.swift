public import OpzIO
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// podman, run with production's restrictions: a read-only root file system, and no network except the host's
/// loopback.
public struct PodmanEngine: Sendable {
  private static let limits = ["--runtime", "runc", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]

  /// Checks that podman runs.
  /// - Throws: `MissingProgram` when it does not.
  public init() throws {
    let version = try? ChildProcess.run(["podman", "--version"])
    guard version?.status == 0 else { throw MissingProgram("podman") }
  }

  /// Loads a docker archive and returns the image's name.
  public func load(_ archive: FilePath) throws -> String {
    let result = try ChildProcess.run(["podman", "load", "-q", "-i", archive.string])
    guard result.status == 0, let line = result.text.split(separator: "\n").last, let colon = line.firstRange(of: ": ")
    else {
      throw MissingProgram("podman load: \(result.errorText)")
    }
    return String(line[colon.upperBound...])
  }

  /// Removes an image with its containers; errors are ignored.
  public func remove(_ image: String) { _ = try? ChildProcess.run(["podman", "rmi", "-f", image]) }

  /// Runs a program of the image until it ends.
  public func run(_ image: String, entrypoint: String, _ arguments: [String]) throws -> ChildProcess.Output {
    try ChildProcess.run(
      ["podman", "run", "--rm", "--read-only", "--network", "none", "--entrypoint", entrypoint] + PodmanEngine.limits
        + [image]
        + arguments)
  }

  /// Starts the image with another command instead of its entrypoint.
  public func start(_ image: String, _ command: [String]) throws -> Container {
    let log = try TemporaryDirectory()
    let name = log.path.lastComponent?.string ?? "opz-test"
    let process = try ChildProcess.start(
      ["podman", "run", "--rm", "--name", name, "--read-only", "--network", "host", "--entrypoint", command[0]]
        + PodmanEngine.limits
        + [image]
        + command.dropFirst(), output: .file(log.path.appending("log")), errors: .file(log.path.appending("log")))
    return Container(process, log, name: name)
  }

  /// Starts the image as it says itself, with process numbers of its own.
  public func start(_ image: String) throws -> Container {
    let log = try TemporaryDirectory()
    let name = log.path.lastComponent?.string ?? "opz-test"
    let process = try ChildProcess.start(
      ["podman", "run", "--rm", "--name", name, "--read-only", "--network", "none"] + PodmanEngine.limits + [image],
      output: .file(log.path.appending("log")), errors: .file(log.path.appending("log")))
    return Container(process, log, name: name)
  }

  /// A running container, which ends with `stop()`.
  public final class Container: Sendable {
    private let process: ChildProcess
    private let directory: TemporaryDirectory
    private let name: String

    init(_ process: ChildProcess, _ directory: TemporaryDirectory, name: String) {
      self.name = name
      self.process = process
      self.directory = directory
    }

    public var output: String {
      ((try? FileBlob(directory.path.appending("log")).bytes()) ?? []).withUnsafeBytes {
        String(decoding: $0, as: UTF8.self)
      }
    }

    /// Waits until the program prints a text.
    /// - Throws: when the program ends, or after two minutes.
    public func waitForOutput(_ text: String) throws {
      for _ in 0..<2400 {
        if output.contains(text) { return }
        if process.poll() != nil { break }
        usleep(50_000)
      }
      throw MissingProgram("the container's \"\(text)\", which said \(output.suffix(1000))")
    }

    /// Asks the container to end, and kills it after the grace period.
    /// - Parameter grace: in seconds.
    /// - Returns: the status of the container's first process: 137 if it was killed.
    public func end(grace: Int) throws -> Int32 {
      let stopped = try ChildProcess.run(["podman", "stop", "-t", "\(grace)", name])
      guard stopped.status == 0 else { throw MissingProgram("podman stop: \(stopped.errorText)") }
      return process.wait()
    }

    /// Kills and removes the container, and waits for podman to end.
    public func stop() {
      // The kernel delivers only SIGKILL to a container's first process unless it has handlers.
      _ = try? ChildProcess.run(["podman", "rm", "-f", "-t", "0", name])
      process.send(signal: SIGKILL)
      process.wait()
    }
  }
}
