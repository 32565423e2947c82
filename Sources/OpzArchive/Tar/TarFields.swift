/// The raw fields of one 512-byte header, checked for syntax but not for meaning.
struct TarFields {
  private let bytes: [UInt8]
  private let archive: String

  /// - Throws: `ArchiveError` when the checksum is wrong.
  init(_ bytes: [UInt8], archive: String) throws {
    self.bytes = bytes
    self.archive = archive
    let sums = TarFormat.checksums(bytes)
    let stored = try number(TarFormat.Field.checksum, "checksum")
    guard stored == sums.unsigned || stored == sums.signed else {
      throw ArchiveError(.malformed, archive, reason: "a header has the wrong checksum")
    }
    guard !bytes[TarFormat.Field.starMagic].elementsEqual("tar\u{0}".utf8) else {
      throw ArchiveError(.unsupported, archive, reason: "programs read star's own tar format differently")
    }
  }

  var type: UInt8 { bytes[TarFormat.Field.type] }

  /// Whether the header has a prefix field; GNU tar's older headers use those bytes otherwise.
  var isPOSIX: Bool { bytes[TarFormat.Field.magic].starts(with: "ustar\u{0}".utf8) }

  /// The name, including the prefix.
  var name: [UInt8] {
    let name = text(TarFormat.Field.name)
    let prefix = isPOSIX ? text(TarFormat.Field.prefix) : []
    return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
  }

  var link: [UInt8] { text(TarFormat.Field.link) }

  /// The bytes up to the first NUL.
  private func text(_ field: Range<Int>) -> [UInt8] { Array(bytes[field].prefix { $0 != 0 }) }

  /// Parses a number in octal digits, or in base-256 when the first bit is set.
  func number(_ field: Range<Int>, _ what: String) throws -> Int64 {
    let value = bytes[field.lowerBound] & 0x80 != 0 ? base256(bytes[field]) : octal(bytes[field])
    guard let value else { throw ArchiveError(.malformed, archive, reason: "a header's \(what) is not a number") }
    return value
  }

  func unsigned(_ field: Range<Int>, _ what: String) throws -> UInt64 {
    guard let value = UInt64(exactly: try number(field, what)) else {
      throw ArchiveError(.malformed, archive, reason: "a header's \(what) is negative")
    }
    return value
  }

  private func octal(_ field: ArraySlice<UInt8>) -> Int64? {
    let isBlank: (UInt8) -> Bool = { $0 == 0 || $0 == UInt8(ascii: " ") }
    let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { !isBlank($0) }
    let rest = field[digits.endIndex...]
    guard rest.allSatisfy(isBlank) else { return nil }
    if digits.isEmpty { return 0 }
    guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else { return nil }
    return Int64(String(decoding: digits, as: UTF8.self), radix: 8)
  }

  /// Two's complement, big-endian, after the first bit, which marks the encoding.
  private func base256(_ field: ArraySlice<UInt8>) -> Int64? {
    guard let first = field.first else { return nil }
    var value = Int64(Int8(bitPattern: (first & 0x7f) | (first & 0x40) << 1))
    for byte in field.dropFirst() {
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
      if overflow { return nil }
      value = shifted | Int64(byte)
    }
    return value
  }
}
