import CWorkers
import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file descriptor that is closed when its owner is gone.
final class Descriptor: @unchecked Sendable {
  private(set) var number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { close() }

  func close() {
    if number >= 0 { systemClose(number) }
    number = -1
  }

  func makeNonBlocking() { _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK) }

  /// Both ends of a pipe.
  static func pipe() -> (read: Descriptor, write: Descriptor)? {
    var ends: [Int32] = [-1, -1]
    guard opz_worker_pipe(&ends) == 0 else { return nil }
    return (Descriptor(ends[0]), Descriptor(ends[1]))
  }

  /// Both ends of a stream over which descriptors can be sent.
  static func sockets() -> (own: Descriptor, other: Descriptor)? {
    var ends: [Int32] = [-1, -1]
    guard opz_worker_sockets(&ends) == 0 else { return nil }
    return (Descriptor(ends[0]), Descriptor(ends[1]))
  }

  /// A file in memory that holds these bytes and is read from its start; nil, with errno, where there is none.
  static func memory(_ bytes: [UInt8]) -> Descriptor? {
    let number = bytes.withUnsafeBytes { opz_memory_file($0.baseAddress, $0.count) }
    return number >= 0 ? Descriptor(number) : nil
  }
}

private func systemClose(_ number: Int32) { _ = close(number) }

/// Wakes a thread that waits in poll(2).
final class WakeUp: Sendable {
  let descriptor: Descriptor

  /// - Throws: `WorkerFailure` when the process has no descriptor left.
  init() throws {
    descriptor = Descriptor(opz_eventfd())
    guard descriptor.number >= 0 else { throw WorkerFailure(.start, "eventfd", reason: IOFailure.text(of: errno)) }
  }

  func wake() {
    var one: UInt64 = 1
    _ = write(descriptor.number, &one, 8)
  }

  /// Forgets what woke.
  func clear() {
    var count: UInt64 = 0
    _ = read(descriptor.number, &count, 8)
  }
}
