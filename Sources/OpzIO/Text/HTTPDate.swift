import Synchronization

/// Dates in the format of HTTP (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
public enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Formats a moment, without its fraction of a second.
  public static func text(_ moment: Timestamp) -> String {
    // 1970 began on a Thursday.
    let day = moment.milliseconds >= 0 ? Int(moment.milliseconds / 86_400_000 % 7) : 0
    let parts = moment.seconds.split { "-T:Z".contains($0) }
    guard parts.count == 6, let month = Int(parts[1]), (1...12).contains(month) else { return "" }
    return "\(days[day]), \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) GMT"
  }

  /// Parses a date; a leap second is read as the second after it. Nil for the two obsolete formats and for anything
  /// else.
  public static func parse(_ text: some StringProtocol) -> Timestamp? {
    let fields = text.split(separator: " ")
    guard fields.count == 6, fields[0].hasSuffix(","), fields[5] == "GMT",
      let month = months.firstIndex(where: { $0.lowercased() == fields[2].lowercased() })
    else { return nil }
    let isLeap = fields[4].hasSuffix(":60")
    let time = isLeap ? "\(fields[4].dropLast(2))59" : String(fields[4])
    func padded(_ number: some StringProtocol) -> String { (number.utf8.count == 1 ? "0" : "") + number }
    guard time.utf8.count == 8,
      let moment = Timestamp("\(fields[3])-\(padded("\(month + 1)"))-\(padded(fields[1]))T\(time)Z")
    else { return nil }
    return isLeap ? Timestamp(milliseconds: moment.milliseconds + 1000) : moment
  }

  private static let present = Mutex<(second: Int64, text: String)>((-1, ""))

  /// The current time. The text is cached for a second.
  public static func now() -> String {
    let moment = Timestamp.now()
    let second = moment.milliseconds / 1000
    return present.withLock { last in
      if last.second != second { last = (second, text(moment)) }
      return last.text
    }
  }
}
