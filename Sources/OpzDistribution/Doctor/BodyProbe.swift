import OpzHTTP
import OpzIO
import OpzOCI

/// Searches for the largest request body: doubles the size until one is refused, then bisects, within a budget.
struct BodyProbe: Sendable {
  let uploads: UploadProbe
  /// The total number of bytes that may be sent.
  let budget: UInt64

  /// The search ends when the gap is at most 1/16 of the largest size that was accepted.
  static let precision: UInt64 = 16

  func run(_ probe: inout RemoteProbe) async {
    // A chunk can be canceled; a monolithic body can only be refused.
    let method = probe.chunks == true && probe.chunkRefused == nil ? HTTPRequest.Method.patch : .put
    var left = budget
    while let size = BodyProbe.next(taken: probe.largestTaken ?? 0, refused: probe.smallestRefused), size <= left {
      left -= size
      do {
        switch try await uploads.sendOne(method, size, probe: &probe) {
        case .taken: probe.take(size)
        case .tooLarge: probe.refuse(size)
        case .refused(let status):
          return probe.note("body", .warn, found: "one of \(ByteCount.text(size)) is answered \(status)")
        }
      } catch {
        let explained = error as? DistributionError
        return probe.note(
          "body", .warn, found: "\(ByteCount.text(size)): \(explained?.reason ?? "\(error)")",
          action: explained?.hint ?? "")
      }
    }
  }

  /// Returns the size to try next, in bytes, or nil where the limit is known closely enough.
  static func next(taken: UInt64, refused: UInt64?) -> UInt64? {
    guard let refused else { return max(taken, 1 << 20).multipliedReportingOverflow(by: 2).partialValue }
    guard refused > taken else { return nil }
    let gap = refused - taken
    return gap > max(taken / precision, 64 << 10) ? taken + gap / 2 : nil
  }
}
