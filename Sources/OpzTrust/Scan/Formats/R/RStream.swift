import OpzIO

/// The data is not an R serialization, or exceeds a limit.
struct RProblem: Error {
  let offset: UInt64
  let reason: String
}

/// Reads the numbers and strings of an R serialization, in any of its three encodings.
///
/// Source: R Internals, 1.8 "Serialization Formats", and R's src/main/serialize.c.
struct RStream {
  enum Encoding { case xdr, native, ascii }

  private var bytes: PickleBytes
  private let encoding: Encoding

  var offset: UInt64 { bytes.offset }

  /// Begins to read a serialization, with its encoding.
  /// - Parameter offset: where the encoding's line (`X`, `B` or `A`) begins.
  init(_ blob: any Blob, at offset: UInt64) throws {
    bytes = try PickleBytes(blob, at: offset)
    guard let mark = try bytes.bytes(2), mark[1] == 0x0A, let encoding = RStream.encoding(mark[0]) else {
      throw RProblem(offset: offset, reason: "it is in an unknown encoding")
    }
    self.encoding = encoding
  }

  private static func encoding(_ mark: UInt8) -> Encoding? {
    switch mark {
    case UInt8(ascii: "X"): .xdr
    case UInt8(ascii: "B"): .native
    case UInt8(ascii: "A"): .ascii
    default: nil
    }
  }

  func problem(_ reason: String) -> RProblem { RProblem(offset: bytes.offset, reason: reason) }

  mutating func integer() throws -> Int {
    if encoding == .ascii {
      let word = try word()
      if word == "NA" { return Int(Int32.min) }
      guard let value = Int32(word) else { throw problem("\(word.prefix(40)) is not a whole number") }
      return Int(value)
    }
    guard let piece = try bytes.bytes(4) else { throw problem("it is cut short") }
    let value =
      encoding == .xdr
      ? piece.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } : piece.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return Int(Int32(bitPattern: value))
  }

  /// A length of 31 bits, or of 63 bits after -1.
  mutating func length() throws -> UInt64 {
    let first = try integer()
    if first >= 0 { return UInt64(first) }
    guard first == -1 else { throw problem("a length of \(first)") }
    let (upper, lower) = (try integer(), try integer())
    guard upper >= 0, upper < 1 << 16 else { throw problem("a length that is out of range") }
    return UInt64(upper) << 32 | UInt64(UInt32(truncatingIfNeeded: lower))
  }

  /// Skips numbers of `width` bytes.
  mutating func skip(_ count: UInt64, width: UInt64) throws {
    if encoding == .ascii {
      // A complex number is two words.
      let words = width == 16 ? count.multipliedReportingOverflow(by: 2).partialValue : count
      guard words <= bytes.remaining else { throw problem("it is cut short") }
      for _ in 0..<words { _ = try word() }
      return
    }
    let (size, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow, try bytes.skip(size) else { throw problem("it is cut short") }
  }

  /// A string of `count` bytes, of which 4,096 are kept.
  mutating func text(_ count: UInt64) throws -> String {
    if encoding == .ascii { return try escapedString(count) }
    let kept = min(count, 4096)
    guard let piece = try bytes.bytes(Int(kept)), try bytes.skip(count - kept) else { throw problem("it is cut short") }
    return String(decoding: piece, as: UTF8.self)
  }

  // MARK: The ASCII encoding

  private mutating func word() throws -> String {
    var found: [UInt8] = []
    while let byte = try bytes.byte() {
      if byte <= 0x20 {
        if found.isEmpty { continue }
        break
      }
      guard found.count < 100 else { throw problem("a word that is too long") }
      found.append(byte)
    }
    guard !found.isEmpty else { throw problem("it is cut short") }
    return String(decoding: found, as: UTF8.self)
  }

  private mutating func escapedString(_ count: UInt64) throws -> String {
    while let byte = try bytes.peek(), byte <= 0x20 { _ = try bytes.byte() }
    var found: [UInt8] = []
    for _ in 0..<count {
      guard let byte = try bytes.byte() else { throw problem("it is cut short") }
      let taken = byte == UInt8(ascii: "\\") ? try escape() : byte
      if found.count < 4096 { found.append(taken) }
    }
    return String(decoding: found, as: UTF8.self)
  }

  private mutating func escape() throws -> UInt8 {
    guard let byte = try bytes.byte() else { throw problem("it is cut short") }
    switch byte {
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "v"): return 11
    case UInt8(ascii: "b"): return 8
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "f"): return 12
    case UInt8(ascii: "a"): return 7
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      var value = Int(byte) - 48
      for _ in 0..<2 {
        guard let next = try bytes.peek(), (48...55).contains(next) else { break }
        value = value * 8 + Int(next) - 48
        _ = try bytes.byte()
      }
      return UInt8(truncatingIfNeeded: value)
    default: return byte
    }
  }
}
