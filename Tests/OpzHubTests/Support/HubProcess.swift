import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The program `opz-hub`, for tests that kill it.
final class HubProcess: Sendable {
  let process: ChildProcess
  let port: Int
  var host: String { "127.0.0.1:\(port)" }

  /// Starts the program and blocks until it prints its port.
  init(_ registry: FilePath, in directory: TemporaryDirectory, _ arguments: String...) throws {
    let log = directory.path.appending("log-\(UInt64.random(in: 0 ... .max))")
    process = try ChildProcess.start(
      [try BuiltPrograms.hub().string, "--registry", registry.string, "--listen", "127.0.0.1:0"] + arguments,
      output: .discarded, errors: .file(log))
    port = try HubProcess.port(process, log)
  }

  deinit { kill() }

  func kill() {
    process.send(signal: SIGKILL)
    process.wait()
  }

  private static func port(_ process: ChildProcess, _ log: FilePath) throws -> Int {
    struct Ready: Decodable { let port: Int }
    for _ in 0..<3000 {
      let bytes = (try? FileBlob(log).bytes()) ?? []
      if let end = bytes.firstIndex(of: 10),
        let ready = try? CanonicalJSON.decode(Ready.self, from: Array(bytes[..<end]), subject: "")
      {
        return ready.port
      }
      if process.poll() != nil { break }
      usleep(10_000)
    }
    throw MissingProgram("opz-hub, which said \(String(decoding: (try? FileBlob(log).bytes()) ?? [], as: UTF8.self))")
  }
}
