public import OpzIO
import Synchronization

/// A date as HTTP has it (RFC 9110, section 5.6.7).
public enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// `Sun, 06 Nov 1994 08:49:37 GMT`
  public static func text(_ moment: Timestamp) -> String {
    // 1970 began on a Thursday.
    let day = moment.milliseconds >= 0 ? Int(moment.milliseconds / 86_400_000 % 7) : 0
    let parts = moment.seconds.split { "-T:Z".contains($0) }
    guard parts.count == 6, let month = Int(parts[1]), (1...12).contains(month) else { return "" }
    return "\(days[day]), \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) GMT"
  }

  private static let present = Mutex<(second: Int64, text: String)>((-1, ""))

  /// The present second's, made once.
  static func now() -> String {
    let moment = Timestamp.now()
    let second = moment.milliseconds / 1000
    return present.withLock { last in
      if last.second != second { last = (second, text(moment)) }
      return last.text
    }
  }
}
