#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Timestamp {
  /// Parses a date or time from 1970 on: `2026-05-03`, `2026-05-03T14:02Z`, `2026-05-03T14:02:05.123+02:00`. Without
  /// a zone it is UTC; digits beyond milliseconds are dropped. Nil for any other form.
  public init?(_ text: String) {
    var rest = Array(text.utf8)[...]
    func number(_ count: Int) -> Int64? {
      let digits = rest.prefix(count)
      guard digits.count == count, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
      rest = rest.dropFirst(count)
      return digits.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }
    func take(_ characters: String) -> Bool {
      guard let first = rest.first, characters.utf8.contains(first) else { return false }
      rest = rest.dropFirst()
      return true
    }
    guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2), year >= 1970,
      (1...12).contains(month), (1...Timestamp.days(year, month)).contains(day)
    else { return nil }
    var (hour, minute, second, milliseconds): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
    if take("Tt ") {
      guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else { return nil }
      (hour, minute) = (hours, minutes)
      if take(":") {
        guard let seconds = number(2), seconds < 60 else { return nil }
        second = seconds
        if take(".") {
          let digits = rest.prefix { (48...57).contains($0) }
          guard (1...9).contains(digits.count) else { return nil }
          rest = rest.dropFirst(digits.count)
          milliseconds = (Array(digits) + [48, 48]).prefix(3).reduce(0) { $0 * 10 + Int64($1 - 48) }
        }
      }
      if !take("Zz"), let sign = rest.first, "+-".utf8.contains(sign) {
        rest = rest.dropFirst()
        guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else { return nil }
        let offset = hours * 60 + minutes
        minute += sign == UInt8(ascii: "+") ? -offset : offset
      }
    }
    guard rest.isEmpty else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
    let seconds = Int64(timegm(&parts)) + hour * 3600 + minute * 60 + second
    self.init(milliseconds: seconds * 1000 + milliseconds)
  }

  private static func days(_ year: Int64, _ month: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
