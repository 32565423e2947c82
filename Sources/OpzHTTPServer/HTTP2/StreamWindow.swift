/// How much a client may send ahead in one stream (RFC 9113, section 5.2). What it has sent and nobody has read, and
/// what it may still send, is `size` at most, and memory for that is reserved.
struct StreamWindow {
  /// Bytes that are reserved.
  private(set) var size: Int
  /// Bytes that have come and are not read.
  private(set) var unread = 0
  /// Bytes that the client may send by what it was told.
  private var left: Int

  init(_ size: Int) {
    self.size = size
    left = size
  }

  /// Whether what has come is within what is reserved. It is not where a client sends before it has read the server's
  /// settings, as it may, or without heeding them.
  var holds: Bool { unread <= size }

  /// Counts bytes that have come, and padding, which is counted and thrown away.
  mutating func receive(_ count: Int, padding: Int) {
    unread += count
    left -= count + padding
  }

  /// Counts bytes whose memory is free again.
  mutating func free(_ count: Int) { unread -= count }

  /// Changes what is reserved.
  mutating func resize(to size: Int) { self.size = size }

  /// Whether the client can send little now.
  var isNarrow: Bool { left <= size / 2 }

  /// Bytes that the client is to be told it may send; nil while it has enough, because each time costs a frame.
  mutating func increment() -> Int? {
    let more = size - unread - left
    guard isNarrow, more >= max(1, size / 2) else { return nil }
    left += more
    return more
  }
}
