/// A Kubernetes resource quantity: `500m`, `2`, `1e3`, `0.1Gi`.
///
/// The grammar is that of apimachinery (pkg/api/resource/quantity.go): a decimal number with one of the suffixes n u
/// m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent. The value is stored in whole nano-units; finer values are
/// rounded up, as Kubernetes does.
public struct Quantity: Sendable, Hashable, CustomStringConvertible {
  /// The text as it was written.
  public let description: String
  /// The value in billionths of a unit.
  public let nano: Int128

  /// Parses a quantity that is more than 0.
  /// - Parameter key: what the error names, such as `deploy.resources.cpu`.
  /// - Throws: `KubernetesError` with the code `badQuantity`.
  public init(_ text: String, key: String) throws {
    guard let nano = Quantity.parse(text) else {
      throw KubernetesError(
        .badQuantity, key, reason: "\"\(text.prefix(40))\" is not a Kubernetes quantity",
        hint: "write 500m or 2 for CPU, 256Mi or 2Gi for memory")
    }
    guard nano > 0 else { throw KubernetesError(.badQuantity, key, reason: "\(text) is not greater than 0") }
    guard nano <= Quantity.maximum else {
      throw KubernetesError(.badQuantity, key, reason: "\(text) is more than the largest Kubernetes quantity, 2^63 - 1")
    }
    self.nano = nano
    description = text
  }

  /// apimachinery limits quantities to 2^63 - 1 units.
  private static let maximum = Int128(Int64.max) * 1_000_000_000

  /// The value in thousandths, rounded up, such as millicores.
  public var milli: Int64 { Int64(clamping: (nano + 999_999) / 1_000_000) }

  /// The value in whole units, rounded up, such as bytes.
  public var units: Int64 { Int64(clamping: (nano + 999_999_999) / 1_000_000_000) }

  /// Parses text to billionths, or `Int128.max` on overflow; nil for invalid text.
  private static func parse(_ text: String) -> Int128? {
    guard (1...32).contains(text.utf8.count) else { return nil }
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "+" || $0 == "-") }
    guard let (digits, scale) = decimal(number), let factor = factor(text[number.endIndex...]) else { return nil }
    let (product, overflow) = digits.multipliedReportingOverflow(by: factor.numerator)
    guard !overflow else { return .max }
    // The value is product / 10^(scale + factor.decimals) units, converted to billionths.
    return shift(product, by: 9 - scale - factor.decimals)
  }

  /// The digits without the decimal point, and the number of decimal places.
  private static func decimal(_ text: Substring) -> (Int128, Int)? {
    var rest = text
    if rest.first == "-" { return nil }
    if rest.first == "+" { rest = rest.dropFirst() }
    let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }) else {
      return nil
    }
    let digits = parts.joined()
    guard !digits.isEmpty, let value = Int128(digits) else { return nil }
    return (value, parts.count == 2 ? parts[1].count : 0)
  }

  private static func factor(_ suffix: Substring) -> (numerator: Int128, decimals: Int)? {
    let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
    if let index = binary.firstIndex(of: String(suffix)) { return (1 << (10 * Int128(index + 1)), 0) }
    let decimals: [String: Int] = [
      "": 0, "n": 9, "u": 6, "m": 3, "k": -3, "M": -6, "G": -9, "T": -12, "P": -15, "E": -18,
    ]
    if let found = decimals[String(suffix)] { return (1, found) }
    guard suffix.first == "e" || suffix.first == "E", let exponent = Int(suffix.dropFirst()),
      (-99...99).contains(exponent)
    else {
      return nil
    }
    return (1, -exponent)
  }

  /// Multiplies `value` by a power of ten, rounding up; `Int128.max` on overflow.
  private static func shift(_ value: Int128, by power: Int) -> Int128 {
    var result = value
    if power >= 0 {
      for _ in 0..<power {
        let (next, overflow) = result.multipliedReportingOverflow(by: 10)
        guard !overflow else { return .max }
        result = next
      }
      return result
    }
    var rest = false
    for _ in 0..<(-power) {
      if result % 10 != 0 { rest = true }
      result /= 10
    }
    return rest ? result + 1 : result
  }
}
