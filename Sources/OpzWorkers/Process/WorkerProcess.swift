import CWorkers
import OpzIO
import OpzInference
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How a worker process ended.
struct WorkerDeath: Sendable, Equatable {
  /// The signal that ended it; nil where it exited by itself.
  let signal: Int32?
  let status: Int32

  init(waitStatus status: Int32) {
    signal = status & 0x7f == 0 ? nil : status & 0x7f
    self.status = status >> 8 & 0xff
  }

  var text: String { signal.map { "it was ended by signal \($0)" } ?? "it exited with \(status)" }
}

/// A worker process and the pipes to it. One thread uses it.
final class WorkerProcess {
  let pid: Int32
  private let toWorker: Descriptor
  private let fromWorker: Descriptor
  private let pidfd: Descriptor
  private var logs: [WorkerLog]
  private var reader: WorkerFrameReader
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)
  /// The end of a pipe at whose closing the kernel ends a worker that was forked.
  private let life: Descriptor?
  /// Set once it has ended and was reaped.
  private(set) var death: WorkerDeath?
  /// The ids of the requests that it runs, for its log.
  var requests: [String] = []

  /// Starts a worker. The calling thread has to live as long as the worker, which ends with it.
  /// - Throws: `WorkerFailure`.
  convenience init(
    _ program: WorkerProgram, number: Int, limits: WorkerFrameReader.Limits,
    log: @escaping @Sendable (WorkerLine) -> Void
  ) throws {
    let name = program.arguments.first ?? ""
    guard let path = ProgramSearch.find(name, in: program.environment)?.string else {
      throw WorkerFailure(.start, name, reason: "there is no such program", hint: "worker.command names it")
    }
    let pipes = try WorkerPipes(name, takesDescriptors: program.isTemplate)
    guard let stdin = Descriptor.memory(program.input) else {
      throw WorkerFailure(.start, name, reason: IOFailure.text(of: errno))
    }
    var code: Int32 = 0
    let pid = withExtendedLifetime((stdin, pipes)) {
      WorkerChildren.start {
        WorkerProcess.start(path, program, ends: [stdin.number] + pipes.ofWorker, code: &code)
      }
    }
    guard pid > 0 else { throw WorkerFailure(.start, path, reason: IOFailure.text(of: code)) }
    try self.init(pid, pipes, number: number, limits: limits, log: log)
  }

  /// A worker that was forked from another, and is this process's child.
  /// - Parameters:
  ///   - pid: known to be a child that nobody else reaps.
  ///   - life: at whose end the worker ends.
  /// - Throws: `WorkerFailure`.
  init(
    _ pid: Int32, _ pipes: WorkerPipes, life: Descriptor? = nil, number: Int, limits: WorkerFrameReader.Limits,
    log: @escaping @Sendable (WorkerLine) -> Void
  ) throws {
    self.pid = pid
    self.life = life
    (toWorker, fromWorker) = (pipes.input.write, pipes.output.read)
    pidfd = Descriptor(opz_pidfd(pid))
    let code = errno
    reader = WorkerFrameReader(limits)
    logs = [
      WorkerLog("stdout", pipes.out.read, number: number, write: log),
      WorkerLog("stderr", pipes.err.read, number: number, write: log),
    ]
    pipes.closeWorkerEnds()
    for descriptor in [toWorker, fromWorker, pipes.out.read, pipes.err.read] { descriptor.makeNonBlocking() }
    guard pidfd.number >= 0 else {
      kill()
      reap()
      throw WorkerFailure(
        .start, "pidfd_open", reason: IOFailure.text(of: code), hint: "workers need Linux 5.4 or later")
    }
  }

  deinit {
    guard death == nil else { return }
    kill()
    reap()
  }

  private static func start(_ path: String, _ program: WorkerProgram, ends: [Int32], code: inout Int32) -> Int32 {
    var arguments: [UnsafeMutablePointer<CChar>?] = program.arguments.map { strdup($0) } + [nil]
    let entries = program.environment.map { "\($0)=\($1)" }.sorted()
    var environment: [UnsafeMutablePointer<CChar>?] = entries.map { strdup($0) } + [nil]
    defer { for pointer in arguments + environment { free(pointer) } }
    return path.withCString { path in
      arguments.withUnsafeMutableBufferPointer { arguments in
        environment.withUnsafeMutableBufferPointer { environment in
          var start = opz_worker_program()
          start.path = path
          start.arguments = UnsafePointer(arguments.baseAddress)
          start.environment = UnsafePointer(environment.baseAddress)
          start.descriptors = (ends[0], ends[1], ends[2], ends[3], ends[4])
          start.data_limit = UInt64(max(0, program.dataBytes ?? 0))
          return opz_worker_start(&start, &code)
        }
      }
    }
  }

  /// Whether it has not ended.
  var isAlive: Bool {
    guard death == nil else { return false }
    var polled = [pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)]
    return systemPoll(&polled, 1, timeout: 0) == 0
  }

  /// Sends a signal to the worker alone.
  func send(signal: Int32) { if death == nil { _ = systemKill(pid, signal) } }

  /// Ends the worker and all processes of its group.
  func kill() { if death == nil { _ = systemKill(-pid, SIGKILL) } }

  private func reap() {
    _ = opz_wait_for_end(pid)
    death = WorkerChildren.reap(pid)
  }

  /// Sends a whole frame and descriptors with it.
  /// - Throws: `WorkerFailure` where it does not fit at once.
  func send(_ frame: [UInt8], descriptors: [Int32]) throws {
    let sent = opz_send_descriptors(toWorker.number, frame, frame.count, descriptors, descriptors.count)
    guard sent == frame.count else {
      throw WorkerFailure(.start, "a fork", reason: sent < 0 ? IOFailure.text(of: errno) : "the request was cut")
    }
  }

  // MARK: Waiting

  /// What ended a wait.
  enum Event {
    case events([WorkerFrameReader.Event])
    /// The frame was sent.
    case sent
    case woken
    case timeout
    case died(WorkerDeath)
  }

  /// A call that is being sent.
  struct Sending {
    fileprivate var parts: [[UInt8]]
    fileprivate var part = 0
    fileprivate var position = 0

    init(_ call: WorkerCall) { parts = [call.start] + call.body.filter { !$0.isEmpty } }

    var isDone: Bool { part == parts.count }
  }

  /// Waits until something happens, while it sends what is to be sent and logs what the worker writes.
  /// - Parameters:
  ///   - sending: what is still to be sent; nil for nothing.
  ///   - wake: what else ends the wait.
  /// - Throws: `WorkerFailure` where the worker does not keep to the protocol.
  func wait(_ sending: inout Sending?, until deadline: ContinuousClock.Instant, wake: WakeUp?) throws -> Event {
    while true {
      var polls = [
        pollfd(fd: fromWorker.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: sending == nil ? -1 : toWorker.number, events: Int16(POLLOUT), revents: 0),
        pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wake?.descriptor.number ?? -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: logs[0].descriptor.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: logs[1].descriptor.number, events: Int16(POLLIN), revents: 0),
      ]
      let left = (deadline - .now).milliseconds
      if left < 0 { return .timeout }
      let ready = systemPoll(&polls, nfds_t(polls.count), timeout: Int32(clamping: left + 1))
      if ready < 0, errno != EINTR { throw WorkerFailure(.protocol, "poll", reason: IOFailure.text(of: errno)) }
      guard ready > 0 else { continue }
      for (index, log) in [4, 5].enumerated() where polls[log].revents != 0 { logs[index].read(requests) }
      if polls[1].revents != 0, sending != nil {
        if write(&sending!) { sending = nil }
        if sending == nil, polls[0].revents == 0, polls[2].revents == 0 { return .sent }
      }
      if polls[0].revents != 0 {
        let events = try read()
        if !events.isEmpty { return .events(events) }
      }
      if polls[2].revents != 0 { return try ended() }
      if polls[3].revents != 0 {
        wake?.clear()
        return .woken
      }
    }
  }

  /// Sends what fits at once, without waiting.
  /// - Returns: whether all of it is sent.
  func write(_ sending: inout Sending) -> Bool {
    while !sending.isDone {
      let bytes = sending.parts[sending.part]
      let count = bytes.withUnsafeBytes {
        systemWrite(toWorker.number, $0.baseAddress! + sending.position, count: $0.count - sending.position)
      }
      // A worker that reads no more has ended or will be ended; pidfd and the time limit tell.
      guard count > 0 else { return count < 0 && errno == EPIPE }
      sending.position += count
      if sending.position == bytes.count {
        sending.part += 1
        sending.position = 0
      }
    }
    return true
  }

  private func read() throws -> [WorkerFrameReader.Event] {
    // Enough for one wake-up; the rest is there at the next.
    for _ in 0..<16 {
      let count = buffer.withUnsafeMutableBytes { systemRead(fromWorker.number, $0.baseAddress!, count: $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        // End of file says nothing: death is what pidfd says. It must not be polled again, though.
        if count == 0 { fromWorker.close() }
        return []
      }
      let events = try buffer.withUnsafeBytes { try reader.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      if !events.isEmpty { return events }
    }
    return []
  }

  /// The worker has ended; an answer that it wrote before is still there.
  private func ended() throws -> Event {
    // The group first: while the worker is not reaped, no other group can have its number.
    kill()
    while true {
      let count = buffer.withUnsafeMutableBytes { systemRead(fromWorker.number, $0.baseAddress!, count: $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      let events = try buffer.withUnsafeBytes { try reader.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      if !events.isEmpty { return .events(events) }
    }
    reap()
    for index in logs.indices { logs[index].end(requests) }
    return .died(death ?? WorkerDeath(waitStatus: 0))
  }

  /// Waits for its end.
  /// - Returns: nil if it still runs at the deadline.
  func waitForEnd(until deadline: ContinuousClock.Instant) -> WorkerDeath? {
    var nothing: Sending?
    while death == nil {
      do {
        switch try wait(&nothing, until: deadline, wake: nil) {
        case .died(let death): return death
        case .timeout: return nil
        case .events, .sent, .woken: continue
        }
      } catch { kill() }
    }
    return death
  }

  /// No further call will come: a worker that reads this ends.
  func closeInput() { toWorker.close() }

  /// The last lines that it wrote to standard error.
  var lastWords: String { logs[1].last.joined(separator: "\n") }
}

extension Duration {
  /// Whole milliseconds, rounded down.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    let whole = Int(clamping: seconds).multipliedReportingOverflow(by: 1000)
    return whole.overflow ? (seconds < 0 ? .min : .max) : whole.partialValue + Int(attoseconds / 1_000_000_000_000_000)
  }
}

// System calls under names that no method has.
private func systemKill(_ pid: Int32, _ signal: Int32) -> Int32 { kill(pid, signal) }
private func systemPoll(_ polls: inout [pollfd], _ count: nfds_t, timeout: Int32) -> Int32 {
  poll(&polls, count, timeout)
}
private func systemWrite(_ fd: Int32, _ bytes: UnsafeRawPointer, count: Int) -> Int { write(fd, bytes, count) }
private func systemRead(_ fd: Int32, _ bytes: UnsafeMutableRawPointer, count: Int) -> Int { read(fd, bytes, count) }
