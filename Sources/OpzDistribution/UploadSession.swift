/// An upload that a registry has opened (distribution-spec 1.1, "Pushing a blob in chunks").
struct UploadSession: Sendable {
  /// Where the next request goes: always what the last answer said.
  var location: WebAddress
  /// Bytes that the registry has said it has.
  var acknowledged: UInt64 = 0
  /// Bytes that each chunk but the last must have.
  var chunkMinimum: UInt64 = 0
  /// Where the registry's last `Range` ended.
  private var lastEnd: UInt64 = 0

  init(_ location: WebAddress) { self.location = location }

  /// Takes the answer to a chunk that the registry accepted.
  ///
  /// ECR's `Range` stays at the end of the first chunk though all that follow are stored. So a range that moved is believed, and one
  /// that did not is not: then the status is.
  mutating func accept(_ response: HTTPResponse, sent count: UInt64) {
    let end = acknowledged &+ count
    let said = response["range"].flatMap { UploadSession.count(range: $0) }
    if let said, said > lastEnd, said < end, said >= acknowledged { acknowledged = said } else { acknowledged = end }
    if let said { lastEnd = said }
  }

  /// Takes what the registry says when it is asked. False when it cannot be true.
  mutating func adopt(_ response: HTTPResponse, size: UInt64) -> Bool {
    guard let range = response["range"] else { return true }
    guard let count = UploadSession.count(range: range), count <= size else { return false }
    acknowledged = count
    lastEnd = count
    return true
  }

  /// Bytes that a `Range` of an upload stands for: `0-99` is 100. Of nothing, some registries say `0-0` and others `0--1`.
  static func count(range: String) -> UInt64? {
    let text = range.hasPrefix("bytes=") ? range.dropFirst(6) : range[...]
    if text == "0--1" || text == "0-0" || text == "-1" { return 0 }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "0", let end = UInt64(parts[1]), end < .max else { return nil }
    return end + 1
  }
}
