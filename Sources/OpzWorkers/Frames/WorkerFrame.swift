/// One frame of worker protocol 1: a header of JSON and a body.
struct WorkerFrame: Sendable, Equatable {
  var header: [UInt8]
  var body: [UInt8]

  /// Bytes before the header: its length (uint32) and the body's (uint64), little-endian.
  static let lengths = 12
  /// The protocol's own limit on a header.
  static let longestHeader = 1 << 31

  /// The lengths and the header.
  static func start(header: [UInt8], bodyBytes: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(lengths + header.count)
    withUnsafeBytes(of: UInt32(header.count).littleEndian) { bytes += $0 }
    withUnsafeBytes(of: UInt64(bodyBytes).littleEndian) { bytes += $0 }
    return bytes + header
  }
}

/// Puts frames together from bytes as they come. What they announce is checked before memory is taken for it.
struct WorkerFrameReader: Sendable {
  /// The most that is kept of a frame; what is longer is read and dropped.
  struct Limits: Sendable {
    var header = 16 << 20
    var body = 64 << 20
  }

  enum Event: Equatable {
    case frame(WorkerFrame)
    /// A frame that was too long to be kept: bytes of its header and body.
    case tooLong(Int)
  }

  private let limits: Limits
  private var lengths: [UInt8] = []
  private var frame = WorkerFrame(header: [], body: [])
  private var header = 0
  private var body = 0
  /// Bytes of the header and body that have come.
  private var have = 0
  private var isDropped = false

  init(_ limits: Limits = Limits()) { self.limits = limits }

  /// Takes bytes.
  /// - Returns: what became whole. No worker sends more than one frame before the next request, so more than one event
  ///   is the caller's to refuse.
  /// - Throws: `WorkerFailure` for lengths that the protocol does not have.
  mutating func take(_ bytes: UnsafeRawBufferPointer) throws -> [Event] {
    var events: [Event] = []
    var rest = bytes
    while !rest.isEmpty || (lengths.count == WorkerFrame.lengths && have == header + body) {
      if lengths.count < WorkerFrame.lengths {
        let count = min(rest.count, WorkerFrame.lengths - lengths.count)
        lengths += rest.prefix(count)
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        guard lengths.count == WorkerFrame.lengths else { break }
        try begin()
        continue
      }
      if have < header + body {
        let part = have < header ? header - have : header + body - have
        let count = min(rest.count, part)
        if !isDropped {
          if have < header { frame.header += rest.prefix(count) } else { frame.body += rest.prefix(count) }
        }
        have += count
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
      if have == header + body { events.append(end()) }
    }
    return events
  }

  private mutating func begin() throws {
    let (first, second) = lengths.withUnsafeBytes {
      (
        UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
      )
    }
    // More could never be read; whoever sends it does not speak the protocol.
    guard first > 0, first < WorkerFrame.longestHeader, second < 1 << 40 else {
      throw WorkerFailure(.protocol, "the worker", reason: "it sent a frame of \(first) and \(second) bytes")
    }
    (header, body, have) = (Int(first), Int(second), 0)
    isDropped = header > limits.header || body > limits.body
    // The memory grows with what comes, not with what is announced.
    if !isDropped { frame.body.reserveCapacity(min(body, 1 << 20)) }
  }

  private mutating func end() -> Event {
    defer {
      lengths = []
      frame = WorkerFrame(header: [], body: [])
      (header, body, have) = (0, 0, 0)
    }
    return isDropped ? .tooLong(header + body) : .frame(frame)
  }
}
