import OpzHTTPServer
import OpzInference
import OpzWire
import Synchronization

/// A call with a stream of answers, which its response pulls one after the other. Used by the call's task only.
protocol AnswerStream: AnyObject, Sendable {
  /// The next answer; nil at the end of the call.
  /// - Throws: what ends the call with another status than OK.
  func next() async throws -> WireWriter?
}

extension Response {
  /// A call whose answers come one after the other.
  static func stream(_ answers: some AnswerStream) -> Response {
    var response = Response(200, [("Content-Type", "application/grpc")])
    response.stream = {
      do {
        guard let answer = try await answers.next() else { return .end(trailers: GRPCStatus.ok.fields) }
        return .bytes(GRPCMessages.frame(answer.bytes))
      } catch {
        return .end(trailers: InferenceServer.status(of: error).fields)
      }
    }
    return response
  }
}

/// `grpc.health.v1.Health/Watch`: the health of a service, now and after each change.
final class WatchStream: AnswerStream {
  /// Each takes a stream from other callers.
  private static let most = 128
  private static let open = Atomic(0)
  private static let pause = Duration.milliseconds(250)

  private let server: InferenceServer
  private let service: String
  private let last = Mutex<GRPCReplies.Health?>(nil)

  init(_ server: InferenceServer, service: String) throws {
    self.server = server
    self.service = service
    // The deinitializer takes it back also when this fails.
    let count = WatchStream.open.wrappingAdd(1, ordering: .relaxed).newValue
    guard count <= WatchStream.most else {
      throw GRPCStatus(.resourceExhausted, "more than \(WatchStream.most) calls watch the health: use Check")
    }
  }

  deinit { WatchStream.open.wrappingSubtract(1, ordering: .relaxed) }

  func next() async throws -> WireWriter? {
    while true {
      let health = server.health(service) ?? .serviceUnknown
      let isNew = last.withLock { last in
        defer { last = health }
        return last != health
      }
      if isNew { return GRPCReplies.health(health) }
      guard !server.lifecycle.isStopping else { throw GRPCStatus(.unavailable, "the server stops") }
      try await Task.sleep(for: WatchStream.pause)
    }
  }
}

/// `ModelStreamInfer` as Triton has it: requests one after the other, each answered by `ModelStreamInferResponse` with an
/// error message or a response.
final class InferStream: AnswerStream, @unchecked Sendable {
  private let server: InferenceServer
  private var messages: GRPCMessages
  private let deadline: ContinuousClock.Instant?
  private let stream: RequestRecord
  /// Holds the memory of the answer before.
  private var ticket: Admission.Ticket?

  init(
    _ server: InferenceServer, _ messages: GRPCMessages, deadline: ContinuousClock.Instant?, stream: RequestRecord
  ) {
    self.server = server
    self.stream = stream
    self.messages = messages
    self.deadline = deadline
  }

  func next() async throws -> WireWriter? {
    ticket = nil
    guard try await server.hasNext(&messages) else { return nil }
    if let deadline, deadline <= .now { throw GRPCStatus(.deadlineExceeded, "the call's time is over") }
    var answer = WireWriter()
    var record = RequestRecord(messageOf: stream)
    let known = record
    var status = GRPCStatus.ok
    do {
      let (inference, ticket) = try await server.counted(&record) { ticket in
        guard let message = try await messages.next(ticket) else { throw GRPCStatus(.invalidArgument) }
        return try server.exchange(message, ticket, record: known, deadline: deadline)
      }
      self.ticket = ticket
      answer.put(2, bytes: inference.body.bytes)
    } catch let failure as RequestFailure {
      // The stream goes on after a request that is refused.
      answer.put(1, string: failure.message)
      status = GRPCStatus(failure)
    }
    server.log.note(record, status: 200, grpc: status.code.rawValue, sent: UInt64(answer.bytes.count))
    return answer
  }
}

extension InferenceServer {
  /// Waits for another message of a stream.
  /// - Throws: `GRPCStatus` when the server stops.
  func hasNext(_ messages: inout GRPCMessages) async throws -> Bool {
    do {
      return try await messages.hasNext()
    } catch is ConnectionClosed where lifecycle.isStopping {
      throw GRPCStatus(.unavailable, "the server stops")
    }
  }
}
