import OpzIO

/// Opcodes with a value of their own.
extension PickleMachine {
  mutating func literal(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .persistent:
      _ = try line()
      push(.other)
    case .float:
      guard PickleMachine.isFloat(try line()) else { throw broken("a malformed number") }
      push(.other)
    case .int, .long: push(try whole(try line()))
    case .string: push(try quoted(try line()))
    case .unicode: push(plain(try line()))
    case .binInt: push(.number(Int64(Int32(truncatingIfNeeded: try number(4)))))
    case .binInt1: push(.number(Int64(try number(1))))
    case .binInt2: push(.number(Int64(try number(2))))
    case .binFloat: try skipValue(8)
    case .long1: push(try long(try number(1)))
    case .long4: push(try long(try number(4)))
    case .binString, .binUnicode: push(try text(try number(4)))
    case .shortBinString, .shortBinUnicode: push(try text(try number(1)))
    case .binUnicode8: push(try text(try number(8)))
    case .binBytes: try skipValue(try number(4))
    case .shortBinBytes: try skipValue(try number(1))
    default: try skipValue(try number(8))
    }
  }

  mutating func number(_ width: Int) throws -> UInt64 {
    guard let number = try bytes.number(width) else { throw truncated() }
    return number
  }

  mutating func line() throws -> [UInt8] {
    guard let line = try bytes.line() else { throw truncated() }
    return line
  }

  private mutating func skipValue(_ count: UInt64) throws {
    guard try bytes.skip(count) else { throw truncated() }
    push(.other)
  }

  /// Reads a decimal number without leading zeros. The other forms that INT accepts (`01` for True, `0x1`, C's `010`)
  /// are never sizes, so their values do not matter.
  private func whole(_ line: [UInt8]) throws -> PickleValue {
    let digits = line.last == UInt8(ascii: "L") ? line.dropLast() : line[...]
    let plain = digits.drop { $0 <= 32 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
    guard let first = plain.first, (48...57).contains(first) else { throw broken("a malformed number") }
    guard first != 48 || plain.count == 1, let value = PythonNumber(digits, base: 10)?.value else { return .other }
    return .number(value)
  }

  private static func isFloat(_ line: [UInt8]) -> Bool {
    let text = line.filter { $0 > 32 }.map { $0 | 0x20 }
    let body = text.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") | 0x20 }
    if ["inf", "infinity", "nan"].contains(String(decoding: body, as: UTF8.self)) { return true }
    // Setting 0x20 leaves digits, signs and the point as they are, and turns E into e and _ into DEL.
    return text.contains { (48...57).contains($0) }
      && text.allSatisfy { (48...57).contains($0) || [0x2B, 0x2D, 0x2E, 0x65, 0x7F].contains($0) }
  }

  private mutating func long(_ count: UInt64) throws -> PickleValue {
    guard count <= 8 else {
      guard try bytes.skip(count) else { throw truncated() }
      return .other
    }
    guard let raw = try bytes.bytes(Int(count)) else { throw truncated() }
    // The bytes are two's complement.
    let bits = raw.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    let unused = 64 - 8 * raw.count
    return .number(raw.isEmpty ? 0 : Int64(bitPattern: bits << UInt64(unused)) >> Int64(unused))
  }

  private mutating func text(_ count: UInt64) throws -> PickleValue {
    guard count <= 1024 else {
      guard try bytes.skip(count) else { throw truncated() }
      return .opaqueText
    }
    guard let raw = try bytes.bytes(Int(count)) else { throw truncated() }
    guard let text = String(validating: raw, as: UTF8.self) else { return .opaqueText }
    return kept(text)
  }

  /// Keeps a text only if it may be a name: a vocabulary has millions of words. When too much is kept, only names on
  /// the allowlist are: any other name is reported anyway.
  private mutating func kept(_ text: String) -> PickleValue {
    guard text.utf8.count > 15 else { return .text(text) }
    textBudget -= min(textBudget, text.utf8.count)
    return textBudget > 0 || PickleNames.mention(text) ? .text(text) : .opaqueText
  }

  /// The line of STRING: a quoted Python literal. Python 2 ignores white space after it.
  private mutating func quoted(_ line: [UInt8]) throws -> PickleValue {
    var line = line[...]
    while let last = line.last, last <= 32 { line.removeLast() }
    guard line.count >= 2, let first = line.first, first == line.last, [0x22, 0x27].contains(first) else {
      throw broken("a string without quotes")
    }
    return plain(Array(line.dropFirst().dropLast()))
  }

  private mutating func plain(_ text: [UInt8]) -> PickleValue {
    // With an escape the text is not what its bytes say, so the name is unknown.
    guard text.count <= 1024, !text.contains(UInt8(ascii: "\\")),
      let text = String(validating: text, as: UTF8.self)
    else { return .opaqueText }
    return kept(text)
  }
}
