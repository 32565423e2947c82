/// The build number in a wheel's name, a tie-breaker between otherwise equal wheels: digits, then any letters.
public struct BuildTag: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let description: String
  /// Without leading zeros.
  private let digits: Substring
  private let rest: Substring

  init?(_ text: Substring) {
    let allowed = text.utf8.allSatisfy {
      ASCII.isLetterOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
    }
    guard let first = text.utf8.first, ASCII.isDigit(first), allowed else { return nil }
    description = String(text)
    let number = description.prefix { $0.isNumber }
    digits = number.drop { $0 == "0" }
    rest = description[number.endIndex...]
  }

  /// Compares the numbers, then the rest as text.
  public static func < (left: BuildTag, right: BuildTag) -> Bool {
    if left.digits.count != right.digits.count { return left.digits.count < right.digits.count }
    return (left.digits, left.rest, left.description) < (right.digits, right.rest, right.description)
  }
}
