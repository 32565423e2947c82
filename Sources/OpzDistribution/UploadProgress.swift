import OpzIO
import Synchronization

/// Tells a progress sink about one item that is sent, and takes back what did not count.
final class UploadProgress: Sendable {
  private struct Count {
    /// Bytes that the sink was told of.
    var told: UInt64 = 0
    /// Where the request that is under way began.
    var base: UInt64 = 0
    var wasRewound = false
  }

  private let item: String
  private let sink: any ProgressSink
  private let count = Mutex(Count())

  init(_ item: String, _ sink: any ProgressSink) {
    self.item = item
    self.sink = sink
  }

  func take(_ event: Transfer.SendEvent) {
    switch event {
    case .sent(let bytes):
      count.withLock { $0.told &+= UInt64(bytes) }
      sink.report(.advanced(item: item, bytes: UInt64(bytes)))
    case .rewound:
      settle(at: count.withLock { $0.base })
      count.withLock { $0.wasRewound = true }
    }
  }

  /// Bytes that were sent or had come earlier, as far as they count.
  var sent: UInt64 { count.withLock { $0.told } }

  /// The request that is under way was begun again, on another connection: what came of its first try nobody knows.
  var wasRewound: Bool { count.withLock { $0.wasRewound } }

  /// What the registry has: all beyond it is sent again, all before it that was not sent here came earlier.
  func settle(at offset: UInt64) {
    let told = count.withLock { count in
      defer { count = Count(told: offset, base: offset) }
      return count.told
    }
    if told > offset { sink.report(.repeated(item: item, bytes: told - offset)) }
    if told < offset { sink.report(.kept(item: item, bytes: offset - told)) }
  }
}
