import OpzHTTP
import OpzIO
import OpzJSON
import OpzOCI
import SystemPackage

/// The start of a server, until it is ready or has failed.
struct ServerStart: Sendable {
  /// A line of the server's log that has its port.
  struct Listening: Decodable {
    let event: String
    let port: Int
    /// As measured by a server that needs no workers.
    let milliseconds: Int?

    enum CodingKeys: String, CodingKey {
      case event, port
      case milliseconds = "ready_ms"
    }
  }

  private let child: ChildProcess
  private let log: FilePath
  private let deadline: ContinuousClock.Instant
  private let seconds: Int

  init(_ child: ChildProcess, _ log: FilePath, deadline: ContinuousClock.Instant, seconds: Int) {
    self.child = child
    self.log = log
    self.deadline = deadline
    self.seconds = seconds
  }

  /// The lines of the log that say the server's own port: a worker's line may have a port too.
  private static let events: Set<String> = ["listening", "ready"]
  private static let subject = "opz-server of the image"

  /// Waits for the log line that reports the port.
  func listening() async throws -> Listening {
    var lines = GrowingLines(log)
    while true {
      for line in lines.next() {
        if let found = try? JSONDecoding.decode(Listening.self, from: line), ServerStart.events.contains(found.event) {
          return found
        }
      }
      try check()
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Waits until the server says that it is ready: its workers have loaded the model.
  func ready(_ client: ServiceClient) async throws {
    while (try? await client.get("/v2/health/ready"))?.status != 200 {
      try check()
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func check() throws {
    if let status = child.poll() {
      throw FlowError(
        .verification, ServerStart.subject, reason: "it exited with status \(status) before it was ready: \(end)")
    }
    guard ContinuousClock.now < deadline else {
      let said = end.isEmpty ? "" : ": \(end)"
      throw FlowError(
        .verification, ServerStart.subject, reason: "it was not ready after \(seconds) s\(said)",
        hint: "test: {wait: \(seconds * 2)} in opz.yaml waits longer")
    }
  }

  /// What the server said last.
  private var end: String { GrowingLines.end(of: log, 1500) }
}
