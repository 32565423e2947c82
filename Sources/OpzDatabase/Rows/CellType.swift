/// The type of a query's column, as its cells are sent.
public enum CellType: Sendable, Hashable {
  case int16, int32, int64, float32, float64, bool, text, uuid
  /// Days since 2000.
  case date
  /// Microseconds since 2000; `timestampTZ` in UTC.
  case timestamp, timestampTZ
  /// SQLite's: each cell has a type of its own, and its first byte says which (`AnyCell`).
  case any
  /// Another date or time, under the database's name, sent as the database writes it.
  case moment(String)
  /// Another one, under the database's name.
  case other(String)
}

/// A column of a query.
public struct QueryColumn: Sendable, Hashable {
  public let name: String
  public let type: CellType
  /// As the database calls it, without a length; empty where SQLite has none.
  public let typeName: String
}

/// What the first byte of a cell of the type `CellType.any` says of the rest.
enum AnyCell {
  static let integer: UInt8 = 1
  static let float: UInt8 = 2
  static let text: UInt8 = 3
  static let bytes: UInt8 = 4
}
