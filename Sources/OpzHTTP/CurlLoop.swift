import CCurl
import OpzIO
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs libcurl's multi handle on one thread. Connections stay open between transfers.
final class CurlLoop: @unchecked Sendable {
  private enum Command {
    case add(CurlTransfer)
    case resume(CurlTransfer)
    case cancel(CurlTransfer)
    case stop
  }

  private let multi: UnsafeMutableRawPointer
  private let settings: HTTPSettings
  private let commands = Mutex<[Command]>([])
  // Used on the loop's thread only.
  private var running: [UnsafeMutableRawPointer: CurlHandle] = [:]
  private let ledger = ConnectionLedger()

  /// The most connections that are kept open for later requests.
  private static let keptConnections = 64
  private static let initialized: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// Starts the thread, which runs until `stop`.
  /// - Throws: `HTTPError` with the code `connection` where libcurl cannot be loaded or no thread started.
  init(_ settings: HTTPSettings) throws {
    try CurlLibrary.load()
    guard CurlLoop.initialized, let multi = curl_multi_init() else {
      throw HTTPError(.connection, "libcurl", reason: "it could not be initialized")
    }
    self.multi = multi
    self.settings = settings
    // libcurl would keep four times as many as there are requests at the moment, and close the others.
    opz_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, CurlLoop.keptConnections)
    guard startThread({ self.run() }) else {
      curl_multi_cleanup(multi)
      throw HTTPError(.connection, "libcurl", reason: "the system has no thread left for it")
    }
  }

  func add(_ transfer: CurlTransfer) { submit(.add(transfer)) }
  func resume(_ transfer: CurlTransfer) { submit(.resume(transfer)) }
  func cancel(_ transfer: CurlTransfer) { submit(.cancel(transfer)) }
  /// Ends the thread, which then frees libcurl's handles. Nothing may be called afterwards.
  func stop() { submit(.stop) }

  private func submit(_ command: Command) {
    // Waking up under the lock guarantees that the multi handle still exists: the thread frees it only after it has
    // taken the `stop` command under the same lock.
    commands.withLock {
      $0.append(command)
      curl_multi_wakeup(multi)
    }
  }

  private func run() {
    blockBrokenPipe()
    var isRunning = true
    while isRunning {
      var active: Int32 = 0
      curl_multi_perform(multi, &active)
      finishDone()
      let waiting = commands.withLock { all in
        defer { all = [] }
        return all
      }
      for command in waiting where !handle(command) { isRunning = false }
      if isRunning, waiting.isEmpty { curl_multi_poll(multi, nil, 0, 10_000, nil) }
    }
    for handle in running.values { detach(handle, .failure(CancellationError())) }
    curl_multi_cleanup(multi)
  }

  private func handle(_ command: Command) -> Bool {
    switch command {
    case .stop: return false
    case .add(let transfer): start(transfer)
    case .resume(let transfer):
      if let pointer = transfer.handle { curl_easy_pause(pointer, 0) }
    case .cancel(let transfer):
      if let handle = transfer.handle.flatMap({ running[$0] }) { detach(handle, .failure(CancellationError())) }
    }
    return true
  }

  private func start(_ transfer: CurlTransfer) {
    let made: CurlHandle?
    transfer.ledger = ledger
    do { made = try CurlHandle(transfer, settings) } catch { return transfer.end(.failure(error)) }
    guard let handle = made, curl_multi_add_handle(multi, handle.pointer) == CURLM_OK else {
      return transfer.end(.failure(HTTPError(.connection, "libcurl", reason: "it took no further request")))
    }
    running[handle.pointer] = handle
    transfer.wake = { [weak self, weak transfer] in
      if let transfer { self?.resume(transfer) }
    }
  }

  private func finishDone() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let pointer = message.pointee.easy_handle,
        let handle = running[pointer]
      else { continue }
      let code = opz_curl_result(message)
      detach(handle, code == CURLE_OK ? .success(()) : .failure(handle.failure(code)))
    }
  }

  private func detach(_ handle: CurlHandle, _ result: Result<Void, any Error>) {
    curl_multi_remove_handle(multi, handle.pointer)
    running[handle.pointer] = nil
    handle.transfer.end(result)
  }
}

// OpenSSL writes to its sockets with write(2), so a closed connection would end the process with SIGPIPE.
private func blockBrokenPipe() {
  var pipe = sigset_t()
  sigemptyset(&pipe)
  sigaddset(&pipe, SIGPIPE)
  pthread_sigmask(SIG_BLOCK, &pipe, nil)
}
