import FoundationEssentials
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The program `opz-server`, started on a free port of 127.0.0.1 and killed with this value.
final class RunningServer: @unchecked Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private struct Ready: Decodable {
    let event: String
    let port: Int
  }

  let process: ChildProcess
  private(set) var port = 0
  private let log: FilePath
  private var status: Int32?

  /// Starts the program and waits until it reports that it is ready.
  init(_ arguments: [String], _ environment: [String] = [], program: String? = nil) throws {
    log = FilePath("/tmp/opz-serve-test-\(getpid())-\(UInt64.random(in: .min ... .max))")
    process = try ChildProcess.start(
      [try program ?? RunningServer.program()] + arguments,
      environment: ["OPZ_HOST=127.0.0.1", "OPZ_PORT=0"] + environment,
      output: .discarded, errors: .file(log))
    while true {
      if let ready = errors.split(separator: "\n").compactMap(RunningServer.ready).first {
        port = ready.port
        return
      }
      if let code = process.poll() {
        status = code
        throw Failure(description: "opz-server ended with \(code): \(errors)")
      }
      usleep(5000)
    }
  }

  deinit {
    if status == nil {
      process.send(signal: SIGKILL)
      process.wait()
    }
    unlink(log.string)
  }

  private static func ready(_ line: Substring) -> Ready? {
    try? JSONDecoder().decode(Ready.self, from: Data(line.utf8))
  }

  /// The text on its standard error so far.
  var errors: String { (try? FileBlob(log).bytes()).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  /// Waits until it ends, and returns the exit code.
  func wait() -> Int32 {
    if let status { return status }
    let code = process.wait()
    status = code
    return code
  }

  /// The program in the directory of the test bundle.
  static func program() throws -> String {
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
    let path = FilePath(bundle).removingLastComponent().appending("opz-server")
    guard try FileStatus.find(path)?.kind == .file else {
      throw Failure(description: "there is no \(path.string): run scripts/test")
    }
    return path.string
  }

  static func fixture(_ name: String) -> FilePath {
    FilePath(#filePath).removingLastComponent().removingLastComponent().appending("Fixtures").appending(name)
  }

  /// Sends one request on a new connection.
  func ask(_ method: String, _ path: String, body: String = "") throws -> (status: Int, head: String, body: String)? {
    let connection = try RawConnection(port: port)
    connection.send("\(method) \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    return try connection.receiveResponse()
  }
}
