extension FixedWidthInteger {
  /// Parses ASCII decimal digits; leading zeros are allowed. Nil for an empty text, any other byte, and a number that
  /// overflows.
  @inlinable
  public init?(decimal digits: ArraySlice<UInt8>) {
    guard !digits.isEmpty else { return nil }
    var value: Self = 0
    for digit in digits {
      guard (48...57).contains(digit), let figure = Self(exactly: digit - 48) else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(figure)
      guard !overflow, !carry else { return nil }
      value = sum
    }
    self = value
  }
}
