extension Float {
  /// The number of an IEEE 754 binary16; every one is a Float.
  package init(half bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1f)
    let fraction = UInt32(bits & 0x3ff)
    switch exponent {
    case 0x1f: self = Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
    // Subnormal: the fraction counts 2^-24.
    case 0: self = Float(bitPattern: sign | (Float(fraction) * 0x1p-24).bitPattern)
    default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  /// The number of a bfloat16, the upper half of a Float.
  package init(brain bits: UInt16) { self = Float(bitPattern: UInt32(bits) << 16) }
}
