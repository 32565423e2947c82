extension Datatype {
  /// A bound as an element of the datatype can have it, so that a value that is equal to the bound is not beyond it.
  func rounded(_ bound: Double) -> Double {
    switch self {
    case .fp32: Double(Float(bound).clamped)
    case .fp16: Double(Float(half: Float(bound).clamped.halfBits))
    case .bf16: Double(Float(brain: Float(bound).clamped.brainBits))
    default: bound
    }
  }

  /// An element as a double: whole numbers beyond 2^53 are rounded. BYTES has none.
  func number(_ bytes: [UInt8], at offset: Int) -> Double {
    func bits<Bits: FixedWidthInteger>(_ type: Bits.Type) -> Bits {
      bytes.withUnsafeBytes { Bits(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }
    return switch self {
    case .bool, .uint8: Double(bits(UInt8.self))
    case .uint16: Double(bits(UInt16.self))
    case .uint32: Double(bits(UInt32.self))
    case .uint64: Double(bits(UInt64.self))
    case .int8: Double(bits(Int8.self))
    case .int16: Double(bits(Int16.self))
    case .int32: Double(bits(Int32.self))
    case .int64: Double(bits(Int64.self))
    case .fp16: Double(Float(half: bits(UInt16.self)))
    case .bf16: Double(Float(brain: bits(UInt16.self)))
    case .fp32: Double(Float(bitPattern: bits(UInt32.self)))
    case .fp64: Double(bitPattern: bits(UInt64.self))
    case .bytes: .nan
    }
  }

  /// Writes a number over an element. A bound that is `rounded` fits, unless it is beyond all whole numbers.
  func write(_ number: Double, to bytes: inout [UInt8], at offset: Int) {
    func put<Bits: FixedWidthInteger>(_ bits: Bits) {
      bytes.withUnsafeMutableBytes { $0.storeBytes(of: bits.littleEndian, toByteOffset: offset, as: Bits.self) }
    }
    func whole<Bits: FixedWidthInteger>(_ type: Bits.Type) -> Bits {
      Bits(exactly: number.rounded()) ?? (number < 0 ? .min : .max)
    }
    switch self {
    case .bool: put(UInt8(number == 0 ? 0 : 1))
    case .uint8: put(whole(UInt8.self))
    case .uint16: put(whole(UInt16.self))
    case .uint32: put(whole(UInt32.self))
    case .uint64: put(whole(UInt64.self))
    case .int8: put(whole(Int8.self))
    case .int16: put(whole(Int16.self))
    case .int32: put(whole(Int32.self))
    case .int64: put(whole(Int64.self))
    case .fp16: put(Float(number).halfBits)
    case .bf16: put(Float(number).brainBits)
    case .fp32: put(Float(number).bitPattern)
    case .fp64: put(number.bitPattern)
    case .bytes: break
    }
  }
}

extension Float {
  /// The bits of the nearest IEEE 754 binary16; the greatest where it is beyond.
  var halfBits: UInt16 {
    let sign: UInt16 = self < 0 ? 0x8000 : 0
    // The bits of halves ascend with their numbers.
    var (low, high): (UInt16, UInt16) = (0, 0x7bff)
    while low < high {
      let middle = low + (high - low + 1) / 2
      if Float(half: middle) <= magnitude { low = middle } else { high = middle - 1 }
    }
    if low < 0x7bff, Float(half: low + 1) - magnitude < magnitude - Float(half: low) { low += 1 }
    return sign | low
  }

  /// The bits of the nearest bfloat16; the greatest where it is beyond.
  var brainBits: UInt16 {
    let bits = bitPattern &+ 0x7fff &+ (bitPattern >> 16 & 1)
    guard bits & 0x7fff_ffff < 0x7f80_0000 else { return self < 0 ? 0xff7f : 0x7f7f }
    return UInt16(truncatingIfNeeded: bits >> 16)
  }
}
