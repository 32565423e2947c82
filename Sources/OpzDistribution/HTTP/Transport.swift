import OpzIO
import Synchronization

/// Sends HTTP requests over libcurl, from any task or thread.
final class Transport: Sendable {
  private let loop: CurlLoop

  init(_ settings: TransportSettings) throws { loop = try CurlLoop(settings) }

  deinit { loop.stop() }

  /// Runs one exchange. For a streamed request, the head of a 2xx response is returned as soon as it is complete.
  /// - Parameter onSent: called on libcurl's thread as the body is sent.
  /// - Throws: `DistributionError`; `CancellationError` where the task was canceled.
  func send(
    _ request: HTTPRequest, onSent: @escaping @Sendable (Transfer.SendEvent) -> Void = { _ in }
  ) async throws -> HTTPResponse {
    let cell = TransferCell()
    let pipe = request.isStreamed ? BodyPipe() : nil
    return try await start { continuation in
      let transfer = Transfer(
        request, pipe: pipe,
        onHead: { [self] head in
          guard let pipe, let transfer = cell.take() else { return }
          let reader = BodyReader(self, transfer, pipe)
          continuation.resume(with: .success(HTTPResponse(head: head, reader: reader)))
        }, onSent: onSent,
        onEnd: { result in
          _ = cell.take()
          continuation.resume(with: result)
        })
      cell.put(transfer)
      return transfer
    }
  }

  fileprivate func resume(_ transfer: Transfer) { loop.resume(transfer) }
  fileprivate func cancel(_ transfer: Transfer) { loop.cancel(transfer) }

  /// Starts the transfer that `make` builds, and cancels it with the task.
  private func start<Value: Sendable>(
    _ make: @escaping @Sendable (OneShot<Value>) -> Transfer
  ) async throws -> Value {
    try Task.checkCancellation()
    let started = TransferCell()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let transfer = make(OneShot(continuation))
        loop.add(transfer)
        if !started.put(transfer) { loop.cancel(transfer) }
      }
    } onCancel: {
      if let transfer = started.close() { loop.cancel(transfer) }
    }
  }
}

/// The body of a response, read by one thread. Releasing it cancels the transfer.
final class BodyReader: Sendable {
  private let transport: Transport
  private let transfer: Transfer
  private let pipe: BodyPipe

  fileprivate init(_ transport: Transport, _ transfer: Transfer, _ pipe: BodyPipe) {
    self.transport = transport
    self.transfer = transfer
    self.pipe = pipe
  }

  deinit { transport.cancel(transfer) }

  /// Waits for bytes; returns 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try pipe.read(into: buffer) { transport.resume(transfer) }
  }
}

/// A continuation that resumes with the first result and ignores later ones.
private final class OneShot<Value: Sendable>: Sendable {
  private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

  init(_ continuation: CheckedContinuation<Value, any Error>) { self.continuation = Mutex(continuation) }

  func resume(with result: Result<Value, any Error>) {
    let first = continuation.withLock { held in
      defer { held = nil }
      return held
    }
    first?.resume(with: result)
  }
}

/// A slot for a transfer that two threads share. Once closed, it accepts none.
private final class TransferCell: Sendable {
  private let state = Mutex<(transfer: Transfer?, isClosed: Bool)>((nil, false))

  @discardableResult
  func put(_ transfer: Transfer) -> Bool {
    state.withLock {
      if !$0.isClosed { $0.transfer = transfer }
      return !$0.isClosed
    }
  }

  func take() -> Transfer? {
    state.withLock { held in
      defer { held.transfer = nil }
      return held.transfer
    }
  }

  func close() -> Transfer? {
    state.withLock { $0.isClosed = true }
    return take()
  }
}
