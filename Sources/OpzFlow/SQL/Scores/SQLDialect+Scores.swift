import OpzDatabase
import OpzSQL

/// What differs between databases where scores are written.
extension SQLDialect {
  /// Whether it is MariaDB's or MySQL's.
  var isMySQL: Bool { name == "mariadb" || name == "mysql" }

  /// Behind the columns of a table: rows that can be undone.
  var tableEnd: String { isMySQL ? " ENGINE=InnoDB" : "" }

  /// A text that may be a key, of the bytes of any name.
  var keyText: String { isMySQL ? SQLDialect.text(255) : name(of: .text) }

  /// A text of MariaDB's that is compared by its characters' codes. An index has room for 768 of them.
  static func text(_ characters: Int) -> String {
    "VARCHAR(\(min(max(characters, 1), 768))) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
  }

  /// Begins a transaction in which rows are written.
  var beginning: String {
    switch name {
    case "sqlite": "BEGIN IMMEDIATE"
    case _ where isMySQL: "START TRANSACTION READ WRITE"
    default: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    }
  }
}
