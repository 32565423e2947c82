import OpzHTTP

/// An upload session of a remote registry (distribution-spec 1.1, "Pushing a blob in chunks").
struct UploadSession: Sendable {
  /// The address of the next request: always the latest response's `Location`.
  var location: WebAddress
  /// The number of bytes that the remote registry has confirmed.
  var acknowledged: UInt64 = 0
  /// The smallest size of every chunk but the last, in bytes.
  var chunkMinimum: UInt64 = 0
  /// The size of the chunk that is under way, in bytes.
  var sending: UInt64 = 0
  /// The end of the last `Range` that the remote registry sent.
  private var lastEnd: UInt64 = 0
  private let quirks: RemoteQuirks

  init(_ location: WebAddress, _ quirks: RemoteQuirks) {
    self.location = location
    self.quirks = quirks
  }

  /// Takes the response to a chunk that was accepted.
  mutating func accept(_ response: HTTPResponse, sent count: UInt64) {
    let reported = response["range"].flatMap { UploadSession.count(range: $0, quirks) }
    acknowledged = quirks.storedBytes(
      .init(reported: reported, lastReported: lastEnd, stored: acknowledged, sent: count))
    if let reported { lastEnd = reported }
  }

  /// Takes the response to a status request; returns false where its range is impossible.
  mutating func adopt(_ response: HTTPResponse, size: UInt64) -> Bool {
    guard let range = response["range"] else { return true }
    guard let count = UploadSession.count(range: range, quirks), count <= size else { return false }
    acknowledged = count
    lastEnd = count
    return true
  }

  /// Returns the number of bytes that the `Range` of an upload stands for: 100 for `0-99`.
  static func count(range: String, _ quirks: RemoteQuirks) -> UInt64? {
    let text = range.hasPrefix("bytes=") ? range.dropFirst(6) : range[...]
    if quirks.isEmptyRange(String(text)) { return 0 }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "0", let end = UInt64(parts[1]), end < .max else { return nil }
    return end + 1
  }
}
