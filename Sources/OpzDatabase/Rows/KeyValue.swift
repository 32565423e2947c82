/// A value of a key, as a statement names it.
public enum KeyValue: Sendable, Hashable, CustomStringConvertible {
  case integer(Int64)
  /// A text; also a UUID or a moment, as the database reads it.
  case text(String)

  /// For messages.
  public var description: String {
    switch self {
    case .integer(let number): "\(number)"
    case .text(let text): text
    }
  }

  /// Reads key fields.
  /// - Parameter fields: with their lengths: of `RowBlock.keys`.
  /// - Throws: `DatabaseError.damaged`; `DatabaseError.refused` for a cell that is no key: NULL, a number with a point.
  public static func values(of fields: ArraySlice<UInt8>, _ types: [CellType]) throws -> [KeyValue] {
    try fields.withUnsafeBytes { bytes in
      var cursor = CellCursor(bytes)
      return try types.map { type in
        guard let cell = try cursor.cell() else { throw refused("NULL") }
        return try value(cell, type, in: cursor)
      }
    }
  }

  private static func refused(_ what: String) -> DatabaseError {
    DatabaseError(.refused, "a key", reason: "it is \(what)", hint: "keys are whole numbers, texts, UUIDs or moments")
  }

  private static func value(_ cell: Range<Int>, _ type: CellType, in cursor: CellCursor) throws -> KeyValue {
    switch type {
    case .int16: return .integer(Int64(try cursor.integer(cell, Int16.self)))
    case .int32: return .integer(Int64(try cursor.integer(cell, Int32.self)))
    case .int64: return .integer(try cursor.integer(cell, Int64.self))
    case .text, .moment: return .text(try text(cell, cursor))
    case .uuid:
      guard cell.count == 16 else { throw CellCursor.damaged() }
      let hex = cursor.bytes(cell).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
      return .text([0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { hex[$0].joined() }.joined(separator: "-"))
    case .date: return .text(MomentText.date(try cursor.integer(cell, Int32.self)))
    case .timestamp: return .text(MomentText.timestamp(try cursor.integer(cell, Int64.self), zone: ""))
    case .timestampTZ: return .text(MomentText.timestamp(try cursor.integer(cell, Int64.self), zone: "+00"))
    case .any:
      guard !cell.isEmpty else { throw CellCursor.damaged() }
      switch try cursor.integer(cell.prefix(1), UInt8.self) {
      case AnyCell.integer: return .integer(try cursor.integer(cell.dropFirst(), Int64.self))
      case AnyCell.text: return .text(try text(cell.dropFirst(), cursor))
      default: throw refused("a number with a point, or bytes")
      }
    case .float32, .float64, .bool, .other: throw refused("of another type")
    }
  }

  private static func text(_ cell: Range<Int>, _ cursor: CellCursor) throws -> String {
    guard let text = String(validating: cursor.bytes(cell), as: UTF8.self), !text.utf8.contains(0) else {
      throw refused("a text that is not UTF-8")
    }
    return text
  }
}

extension CellType {
  /// Whether a column of it can be a key.
  public var isKey: Bool {
    switch self {
    case .int16, .int32, .int64, .text, .uuid, .date, .timestamp, .timestampTZ, .moment, .any: true
    case .float32, .float64, .bool, .other: false
    }
  }
}

/// Moments as PostgreSQL reads them, to the microsecond.
enum MomentText {
  /// - Parameter days: since 2000; the least and the greatest number are infinite.
  static func date(_ days: Int32) -> String {
    if days == .max { return "infinity" }
    if days == .min { return "-infinity" }
    let (text, era) = civil(Int(days))
    return text + era
  }

  /// - Parameters:
  ///   - microseconds: since 2000; the least and the greatest number are infinite.
  ///   - zone: what stands behind the time.
  static func timestamp(_ microseconds: Int64, zone: String) -> String {
    if microseconds == .max { return "infinity" }
    if microseconds == .min { return "-infinity" }
    let day: Int64 = 86_400_000_000
    var (days, rest) = microseconds.quotientAndRemainder(dividingBy: day)
    if rest < 0 { (days, rest) = (days - 1, rest + day) }
    let (text, era) = civil(Int(days))
    let seconds = rest / 1_000_000
    let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { two(Int($0), 2) }.joined(separator: ":")
    return "\(text) \(time).\(two(Int(rest % 1_000_000), 6))\(zone)\(era)"
  }

  /// The date of a day, and what stands at the end of one before the year 1.
  private static func civil(_ daysSince2000: Int) -> (date: String, era: String) {
    // Eras of 400 years that begin in March: https://howardhinnant.github.io/date_algorithms.html
    let days = daysSince2000 + 10_957 + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let day = days - era * 146_097
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
    let dayOfYear = day - (365 * year + year / 4 - year / 100)
    let month = (5 * dayOfYear + 2) / 153
    let number = year + era * 400 + (month < 10 ? 0 : 1)
    let shown = number > 0 ? number : 1 - number
    let date = [
      two(shown, 4), two(month < 10 ? month + 3 : month - 9, 2), two(dayOfYear - (153 * month + 2) / 5 + 1, 2),
    ].joined(separator: "-")
    return (date, number > 0 ? "" : " BC")
  }

  private static func two(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
