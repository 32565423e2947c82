import OpzHTTP
import OpzIO
import Synchronization

/// Reports the progress of one upload to a sink, and corrects it when bytes have to be sent again.
final class UploadProgress: Sendable {
  private struct Count {
    /// The bytes that were reported to the sink.
    var reported: UInt64 = 0
    /// The offset at which the current request started.
    var base: UInt64 = 0
  }

  private let item: String
  private let sink: any ProgressSink
  private let count = Mutex(Count())

  init(_ item: String, _ sink: any ProgressSink) {
    self.item = item
    self.sink = sink
  }

  func take(_ event: HTTPClient.SendEvent) {
    switch event {
    case .sent(let bytes):
      count.withLock { $0.reported &+= UInt64(bytes) }
      sink.report(.advanced(item: item, bytes: UInt64(bytes)))
    case .rewound: correct(to: count.withLock { $0.base })
    case .carried, .broke: break
    }
  }

  /// The bytes reported since the last correction.
  var sent: UInt64 { count.withLock { $0.reported - min($0.base, $0.reported) } }

  /// Corrects the progress to the offset that the remote registry has confirmed: bytes after it are sent again, and
  /// bytes before it that were not sent here came from an earlier attempt.
  func correct(to offset: UInt64) {
    let reported = count.withLock { count in
      defer { count = Count(reported: offset, base: offset) }
      return count.reported
    }
    if reported > offset { sink.report(.repeated(item: item, bytes: reported - offset)) }
    if reported < offset { sink.report(.kept(item: item, bytes: offset - reported)) }
  }
}
