import OpzFlow
import OpzIO

/// Summarizes a transfer in one line. Zero counts are omitted, except for what was sent.
enum TotalsText {
  static func line(_ totals: TransferTotals) -> String {
    var parts = ["sent \(ByteCount.text(totals.sent)) in \(CountText.count(totals.sentItems, "blob"))"]
    if totals.mountedItems > 0 {
      parts.append("mounted \(ByteCount.text(totals.mounted)) in \(CountText.count(totals.mountedItems, "blob"))")
    }
    if totals.skippedItems > 0 {
      parts.append("skipped \(ByteCount.text(totals.skipped)) in \(CountText.count(totals.skippedItems, "blob"))")
    }
    if totals.kept > 0 { parts.append("resumed after \(ByteCount.text(totals.kept)) of an earlier push") }
    if totals.resent > 0 { parts.append("resent \(ByteCount.text(totals.resent))") }
    return parts.joined(separator: "; ")
  }
}
