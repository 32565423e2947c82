public import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// nginx in front of a server, on a free loopback port, refusing bodies above a limit. It stops when deallocated.
public final class BodyLimitProxy: Sendable {
  public let port: UInt16
  /// `127.0.0.1:PORT`.
  public var host: String { "127.0.0.1:\(port)" }
  private let directory: TemporaryDirectory
  private let process: ChildProcess

  /// Starts nginx and waits until it accepts connections. It blocks.
  public init(before upstream: UInt16, megabytes: Int) throws {
    directory = try TemporaryDirectory()
    for _ in 0..<5 {
      let port = try LoopbackListener.freePort()
      let config = """
        daemon off;
        master_process off;
        pid \(directory.path.appending("pid"));
        error_log \(directory.path.appending("log"));
        events {}
        http {
          access_log off;
          client_body_temp_path \(directory.path.appending("body"));
          proxy_temp_path \(directory.path.appending("proxy"));
          fastcgi_temp_path \(directory.path.appending("f"));
          uwsgi_temp_path \(directory.path.appending("u"));
          scgi_temp_path \(directory.path.appending("s"));
          client_max_body_size \(megabytes)m;
          server {
            listen 127.0.0.1:\(port);
            location / { proxy_pass http://127.0.0.1:\(upstream); proxy_set_header Host $http_host; }
          }
        }

        """
      let file = try directory.write("nginx.conf", config)
      let log = ChildProcess.Stream.file(directory.path.appending("output"))
      let process = try ChildProcess.start(
        ["nginx", "-c", file.string, "-e", directory.path.appending("log").string], output: log, errors: log)
      if BodyLimitProxy.waits(for: process, port) {
        (self.port, self.process) = (port, process)
        return
      }
    }
    throw MissingProgram("nginx")
  }

  deinit {
    process.send(signal: SIGKILL)
    process.wait()
  }

  private static func waits(for process: ChildProcess, _ port: UInt16) -> Bool {
    for _ in 0..<1500 {
      if process.poll() != nil { return false }
      if LoopbackListener.isOpen(port) { return process.poll() == nil }
      usleep(20_000)
    }
    process.send(signal: SIGKILL)
    process.wait()
    return false
  }
}
