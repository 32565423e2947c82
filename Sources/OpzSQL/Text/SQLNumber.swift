#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The digits of numbers in a statement, of which a large model has hundreds of thousands.
enum SQLNumber {
  /// Writes a number with 18 digits. 17 say which float64 is nearest, but a reader that rounds twice (SQLite 3.40) needs
  /// the number to be far from the middle between two.
  static func write(_ value: Double, to bytes: inout [UInt8]) {
    // An infinite threshold: every number that a column holds is on the same side of the greatest one.
    let value = min(max(value, -Double.greatestFiniteMagnitude), .greatestFiniteMagnitude)
    if value == value.rounded(.towardZero), abs(value) < 1e15 {
      bytes.append(contentsOf: "\(Int64(value)).0e0".utf8)
    } else if !writeUsual(value, to: &bytes) {
      writeAny(value, to: &bytes)
    }
  }

  private static let digits = 18
  /// 10^17, the least number of 18 digits.
  private static let least: UInt128 = 100_000_000_000_000_000
  private static let powersOfFive: [UInt128] = (0..<24).reduce(into: [1]) { powers, _ in
    powers.append(powers[powers.count - 1] * 5)
  }

  /// Writes a number from 10^-4 to 10^15 that is not whole, by arithmetic with whole numbers of 128 bits, as printf does
  /// with longer ones.
  /// - Returns: whether it did.
  static func writeUsual(_ value: Double, to bytes: inout [UInt8]) -> Bool {
    let size = abs(value)
    guard size >= 1e-4, size < 1e15 else { return false }
    // size = significand * 2^exponent
    let significand = UInt128(size.significandBitPattern | 1 << 52)
    let exponent = Int(size.exponent) - 52
    // The place of the first digit, or one more: log10(2) is 0.30103.
    var power = (Int(size.exponent) * 30103) / 100_000
    if size < 1 { power -= 1 }
    var whole: UInt128 = 0
    repeat {
      // size * 10^scale has 18 digits before its point. It is significand * 5^scale * 2^(exponent + scale).
      let scale = digits - 1 - power
      guard scale >= 0, scale < powersOfFive.count else { return false }
      let product = significand * powersOfFive[scale]
      let shift = exponent + scale
      if shift >= 0 {
        whole = product << UInt128(shift)
      } else {
        whole = product >> UInt128(-shift)
        let rest = product - whole << UInt128(-shift)
        let half = UInt128(1) << UInt128(-shift - 1)
        if rest > half || rest == half && whole & 1 == 1 { whole += 1 }
      }
      if whole < least { power -= 1 } else if whole >= least * 10 { power += 1 }
    } while whole < least || whole >= least * 10
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    append(UInt64(whole), power, to: &bytes)
    return true
  }

  /// Writes 18 digits, the first of which stands for 10^power, without zeros at the end.
  private static func append(_ whole: UInt64, _ power: Int, to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: digits) { space in
      var rest = whole
      for index in (0..<digits).reversed() {
        space[index] = UInt8(truncatingIfNeeded: rest % 10) + 48
        rest /= 10
      }
      var count = digits
      while count > power + 1, count > 1, space[count - 1] == 48 { count -= 1 }
      if power < 0 {
        bytes.append(contentsOf: [48, UInt8(ascii: ".")])
        bytes.append(contentsOf: repeatElement(48, count: -power - 1))
        bytes.append(contentsOf: space[..<count])
      } else {
        bytes.append(contentsOf: space[...power])
        if count > power + 1 {
          bytes.append(UInt8(ascii: "."))
          bytes.append(contentsOf: space[(power + 1)..<count])
        }
      }
    }
    bytes.append(contentsOf: [UInt8(ascii: "e"), 48])
  }

  static func writeAny(_ value: Double, to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) { space in
      let count = withVaList([value]) { Int(vsnprintf(space.baseAddress, 40, "%.\(digits)g", $0)) }
      let text = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(space)[..<count])
      bytes.append(contentsOf: text)
      if !text.contains(UInt8(ascii: "e")) { bytes.append(contentsOf: [UInt8(ascii: "e"), 48]) }
    }
  }
}
