/// A number of a JSON text, kept so that it can be converted to an integer or to the nearest float of either size.
public struct JSONNumber: Sendable {
  /// The first 19 significant digits, without the point.
  public let mantissa: UInt64
  /// The power of ten by which the mantissa is multiplied.
  public let exponent: Int
  public let isNegative: Bool
  /// Whether it has neither a point nor an exponent.
  public let isInteger: Bool
  /// Whether digits were dropped from the mantissa.
  public let isTruncated: Bool
  /// Its byte range in the text.
  public let range: Range<Int>

  @usableFromInline
  init(
    mantissa: UInt64, exponent: Int, isNegative: Bool, isInteger: Bool, isTruncated: Bool, range: Range<Int>
  ) {
    self.mantissa = mantissa
    self.exponent = exponent
    self.isNegative = isNegative
    self.isInteger = isInteger
    self.isTruncated = isTruncated
    self.range = range
  }
}

extension JSONNumber {
  /// The nearest double; infinite when it is out of range.
  /// - Parameter bytes: the text from which it was read.
  @inlinable
  func double(in bytes: UnsafeBufferPointer<UInt8>) -> Double {
    guard isTruncated else {
      let value = NearestDouble.of(mantissa, tenTo: exponent)
      return isNegative ? -value : value
    }
    return Double(text(in: bytes)) ?? .nan
  }

  /// The nearest float; infinite when it is out of range.
  @inlinable
  func float(in bytes: UnsafeBufferPointer<UInt8>) -> Float {
    let double = double(in: bytes)
    // Converting a double half-way between two floats, or in the range of subnormal floats, could round twice.
    let isTie = double.bitPattern & 0x1fff_ffff == 0x1000_0000
    if !isTie, double.magnitude >= Double(Float.leastNormalMagnitude) || mantissa == 0, double.magnitude < 3e38 {
      return Float(double)
    }
    return Float(text(in: bytes)) ?? .nan
  }

  /// The digits as a whole number without the sign; nil when it is not a whole number or does not fit.
  func magnitude(in bytes: UnsafeBufferPointer<UInt8>) -> UInt64? {
    guard isInteger else { return nil }
    if !isTruncated { return mantissa }
    let text = text(in: bytes)
    return UInt64(isNegative ? text.dropFirst() : text[...])
  }

  /// The whole number; nil when it has a point or an exponent, or does not fit.
  func integer(in bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard let magnitude = magnitude(in: bytes) else { return nil }
    if isNegative { return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil }
    return Int64(exactly: magnitude)
  }

  @usableFromInline
  func text(in bytes: UnsafeBufferPointer<UInt8>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

@usableFromInline
let powersOfTen: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]
