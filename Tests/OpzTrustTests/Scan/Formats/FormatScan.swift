import OpzIO
import Testing

@testable import OpzTrust

/// The report of the scan of one file.
enum FormatScan {
  static func report(_ name: String, _ bytes: [UInt8], allowed: [String] = []) -> ScanReport {
    var scanner = FileScanner(ScanReport(allowed: allowed))
    scanner.scan(name, BytesBlob(bytes), secrets: false)
    return scanner.report
  }

  static func report(_ name: String, _ text: String, allowed: [String] = []) -> ScanReport {
    report(name, Array(text.utf8), allowed: allowed)
  }

  /// A little-endian number.
  static func number(_ value: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (UInt64($0) * 8)) }
  }
}
