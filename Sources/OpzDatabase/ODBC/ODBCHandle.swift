internal import CODBC
import OpzIO

/// A handle of the driver manager, which is freed with it.
final class ODBCHandle {
  let raw: SQLHANDLE
  private let kind: Int
  /// A parent is freed behind its children.
  private let parent: ODBCHandle?

  /// - Parameters:
  ///   - kind: `OPZ_SQL_HANDLE_ENV`, ..
  ///   - parent: the environment of a connection, the connection of a statement.
  /// - Returns: nil where there is no memory, or the connection is gone.
  init?(_ kind: Int, of parent: ODBCHandle?) {
    var raw: SQLHANDLE?
    guard SQLAllocHandle(SQLSMALLINT(kind), parent?.raw, &raw) >= 0, let raw else { return nil }
    self.raw = raw
    self.kind = kind
    self.parent = parent
  }

  deinit {
    if kind == OPZ_SQL_HANDLE_DBC { _ = SQLDisconnect(raw) }
    _ = SQLFreeHandle(SQLSMALLINT(kind), raw)
  }

  /// What a driver says of the last call.
  struct Diagnosis {
    /// Five characters; empty if it says nothing.
    var state = ""
    /// The database's own number.
    var native = 0
    var text = ""
  }

  /// Reads what the last call said.
  func diagnosis() -> Diagnosis {
    var diagnosis = Diagnosis()
    var state = [SQLWCHAR](repeating: 0, count: 6)
    var text = [SQLWCHAR](repeating: 0, count: 2048)
    for number in 1...4 {
      var native: SQLINTEGER = 0
      var length: SQLSMALLINT = 0
      let result = SQLGetDiagRecW(
        SQLSMALLINT(kind), raw, SQLSMALLINT(number), &state, &native, &text, SQLSMALLINT(text.count), &length)
      guard result == OPZ_SQL_SUCCESS || result == OPZ_SQL_SUCCESS_WITH_INFO else { break }
      if number == 1 {
        diagnosis.state = String(decoding: state.prefix { $0 != 0 }, as: UTF16.self)
        diagnosis.native = Int(native)
      }
      let own = ODBCHandle.withoutPrefixes(String(decoding: text.prefix { $0 != 0 }, as: UTF16.self))
      diagnosis.text += diagnosis.text.isEmpty ? own : "; \(own)"
    }
    return diagnosis
  }

  /// A message without the names of the programs that passed it on: `[ma-3.1.15][10.11.19-MariaDB]Access denied`.
  private static func withoutPrefixes(_ text: String) -> Substring {
    var rest = text[...]
    while rest.first == "[", let end = rest.firstIndex(of: "]") { rest = rest[rest.index(after: end)...] }
    return rest.trimmingPrefix { $0 == " " }
  }
}
