#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A moment in UTC, in whole milliseconds.
public struct Timestamp: Hashable, Sendable, Comparable {
  /// Milliseconds since 1970.
  public let milliseconds: Int64

  /// Makes a moment from milliseconds since 1970; negative ones are before it.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Makes a moment from whole seconds since 1970; nil for negative ones and beyond the year 9999.
  public init?(seconds: Int64) {
    guard (0...253_402_300_799).contains(seconds) else { return nil }
    milliseconds = seconds * 1000
  }

  /// Returns the current time of the system's clock.
  public static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000)
  }

  /// The moment in RFC 3339 with whole seconds: `2026-11-23T15:04:05Z`.
  public var seconds: String { date + "Z" }

  /// The moment in RFC 3339 with milliseconds: `2026-11-23T15:04:05.123Z`.
  public var description: String { date + "." + Timestamp.pad(Int(((milliseconds % 1000) + 1000) % 1000), 3) + "Z" }

  private var date: String {
    var seconds = time_t(milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let day = [
      Timestamp.pad(Int(parts.tm_year) + 1900, 4), Timestamp.pad(Int(parts.tm_mon) + 1, 2),
      Timestamp.pad(Int(parts.tm_mday), 2),
    ]
    let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { Timestamp.pad(Int($0), 2) }
    return day.joined(separator: "-") + "T" + time.joined(separator: ":")
  }

  private static func pad(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Whether the left moment is earlier.
  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp: CustomStringConvertible {}

extension Duration {
  /// The duration in seconds.
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
