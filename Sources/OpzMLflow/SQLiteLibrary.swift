import CSQLite

/// SQLite as it is installed here: the one that came with the program, else the system's.
public enum SQLiteLibrary {
  /// Loads it; the first call reads some files.
  /// - Parameter path: the store that cannot be read otherwise.
  /// - Throws: `MLflowError` where it cannot be loaded.
  static func load(for path: String) throws {
    guard let problem = opz_sqlite_load() else { return }
    throw MLflowError(
      .notAStore, path, reason: String(cString: problem), hint: "install SQLite: apt-get install libsqlite3-0")
  }

  /// Loads it, and returns its version: `3.40.1`.
  /// - Throws: `MLflowError` where it cannot be loaded.
  public static func version() throws -> String {
    try load(for: "SQLite")
    return String(cString: sqlite3_libversion())
  }
}
