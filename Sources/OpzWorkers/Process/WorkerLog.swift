#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A line that a worker wrote to its standard output or error.
public struct WorkerLine: Sendable {
  /// The worker's number.
  public let worker: Int
  /// `stdout` or `stderr`.
  public let stream: String
  /// The ids of the requests that it ran then.
  public let requests: [String]
  public let text: String
}

/// Lines of one stream of a worker.
struct WorkerLog {
  /// More of a line is the next line.
  private static let longest = 8 << 10
  private static let kept = 20

  let descriptor: Descriptor
  private let stream: String
  private let number: Int
  private let write: @Sendable (WorkerLine) -> Void
  private var line: [UInt8] = []
  private(set) var last: [String] = []

  init(
    _ stream: String, _ descriptor: Descriptor, number: Int, write: @escaping @Sendable (WorkerLine) -> Void
  ) {
    self.stream = stream
    self.descriptor = descriptor
    self.number = number
    self.write = write
  }

  /// Reads what is there.
  /// - Returns: false where nothing was.
  @discardableResult
  mutating func read(_ requests: [String]) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    let count = systemRead(descriptor.number, &buffer, count: buffer.count)
    if count < 0, errno == EINTR || errno == EAGAIN { return false }
    guard count > 0 else {
      descriptor.close()
      flush(requests)
      return false
    }
    for byte in buffer[..<count] {
      if byte == UInt8(ascii: "\n") || line.count == WorkerLog.longest { flush(requests) }
      if byte != UInt8(ascii: "\n") { line.append(byte) }
    }
    return true
  }

  /// Reads what is left when the worker has ended. A grandchild may hold the stream open and go on writing.
  mutating func end(_ requests: [String]) {
    var rounds = 0
    while descriptor.number >= 0, rounds < 64, read(requests) { rounds += 1 }
    flush(requests)
    descriptor.close()
  }

  private mutating func flush(_ requests: [String]) {
    guard !line.isEmpty else { return }
    let text = String(decoding: line, as: UTF8.self)
    line.removeAll(keepingCapacity: true)
    last = last.suffix(WorkerLog.kept - 1) + [text]
    write(WorkerLine(worker: number, stream: stream, requests: requests, text: text))
  }
}

private func systemRead(_ fd: Int32, _ bytes: UnsafeMutableRawPointer, count: Int) -> Int { read(fd, bytes, count) }
