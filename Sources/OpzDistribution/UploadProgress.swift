import OpzIO
import Synchronization

/// Tells a progress sink about one item that is sent, and takes back what did not count.
final class UploadProgress: Sendable {
  private let item: String
  private let sink: any ProgressSink
  private let sent = Mutex(false)

  init(_ item: String, _ sink: any ProgressSink) {
    self.item = item
    self.sink = sink
  }

  func take(_ event: Transfer.SendEvent) {
    switch event {
    case .sent(let bytes):
      sent.withLock { $0 = true }
      sink.report(.advanced(item: item, bytes: UInt64(bytes)))
    case .rewound: restart()
    }
  }

  /// The item starts over; nothing is said when nothing was sent.
  func restart() {
    let hadSent = sent.withLock { value in
      defer { value = false }
      return value
    }
    if hadSent { sink.report(.restarted(item: item)) }
  }
}
