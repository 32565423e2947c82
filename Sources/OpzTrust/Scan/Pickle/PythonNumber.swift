/// An integer as Python's `int` reads it: white space around it, a sign, underscores between digits, leading zeros.
struct PythonNumber: Hashable {
  let isNegative: Bool
  /// Without leading zeros; empty for 0.
  let digits: [UInt8]
  private let base: UInt64

  /// Parses an integer; nil for text that `int` would refuse.
  /// - Parameter base: 2 to 36, as the second argument of `int`; the base's prefix (`0o`) may come before the digits.
  init?(_ text: some Sequence<UInt8>, base: UInt64) {
    var rest = Array(text)[...]
    let isSpace: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) }
    rest = rest.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    let prefix: UInt8? = [2: UInt8(ascii: "b"), 8: UInt8(ascii: "o"), 16: UInt8(ascii: "x")][base]
    if let prefix, rest.count > 2, rest.first == UInt8(ascii: "0"), rest[rest.startIndex + 1] | 0x20 == prefix {
      rest = rest.dropFirst(2)
      if rest.first == UInt8(ascii: "_") { rest.removeFirst() }
    }
    var digits: [UInt8] = []
    var lastWasDigit = false
    for byte in rest {
      if byte == UInt8(ascii: "_"), lastWasDigit {
        lastWasDigit = false
        continue
      }
      guard let digit = PythonNumber.digit(byte), UInt64(digit) < base else { return nil }
      if digit > 0 || !digits.isEmpty { digits.append(digit) }
      lastWasDigit = true
    }
    guard lastWasDigit else { return nil }
    self.digits = digits
    self.base = base
  }

  /// Nil if it does not fit into 64 bits.
  var value: Int64? {
    var value: Int64 = 0
    for digit in digits {
      let (product, overflow) = value.multipliedReportingOverflow(by: Int64(base))
      let (sum, carry) = product.addingReportingOverflow(Int64(digit))
      if overflow || carry { return nil }
      value = sum
    }
    return isNegative ? -value : value
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...90: byte - 55
    case 97...122: byte - 87
    default: nil
    }
  }
}
