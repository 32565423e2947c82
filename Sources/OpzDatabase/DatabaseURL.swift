import OpzIO

/// Which database, and how to reach it: `sqlite:PATH`, `duckdb:PATH`, `postgresql://HOST/DATABASE`,
/// `mariadb://HOST/DATABASE`, `mysql://HOST/DATABASE`, `odbc:Driver=PATH;..`.
///
/// A password is never shown: `description` has none, and errors are written without it (`without(secrets:)`).
public struct DatabaseURL: Sendable, Hashable, CustomStringConvertible {
  /// The kinds of database that opz speaks to.
  public enum Engine: String, Sendable, CaseIterable {
    case postgresql, sqlite, duckdb, mariadb, mysql
    /// Any database with an ODBC driver, which says what it is once it is connected.
    case odbc
  }

  /// Where the URL was written.
  public enum Origin: Sendable {
    /// On the command line, which other users of the machine can read.
    case commandLine
    /// In a variable of the environment, which only its owner can read.
    case environment
  }

  /// What the database is.
  public let engine: Engine
  /// Without user, password and parameters.
  public let description: String
  /// The path of a file; the whole URL of PostgreSQL, and what is behind the scheme of ODBC.
  let target: String
  /// Passwords in the URL, as written and decoded.
  private(set) var secrets: [String]
  /// What the driver is told; nil for a database that is not reached by ODBC.
  let settings: ODBCSettings?

  /// Parses a URL.
  /// - Throws: `DatabaseError.badURL`, whose text has nothing of a URL that may have a password.
  public init(parsing text: String, from origin: Origin) throws {
    guard let colon = text.firstIndex(of: ":") else { throw DatabaseURL.malformed("it has no scheme") }
    let rest = String(text[text.index(after: colon)...])
    guard !text.utf8.contains(0), text.utf8.count <= 8192 else { throw DatabaseURL.malformed("it is too long") }
    switch text[..<colon] {
    case "sqlite": self.init(file: rest, .sqlite)
    case "duckdb": self.init(file: rest, .duckdb)
    case "postgresql", "postgres":
      let parts = try ServerURL(rest, scheme: "postgresql")
      self.init(.postgresql, parts.shown, target: "postgresql:\(rest)", secrets: parts.secrets)
    case "mariadb", "mysql":
      let engine = text.hasPrefix("mysql:") ? Engine.mysql : .mariadb
      let parts = try ServerURL(rest, scheme: engine.rawValue)
      let settings = try parts.mariaDBSettings()
      self.init(engine, parts.shown, target: parts.shown, secrets: parts.secrets, settings: settings)
    case "odbc":
      guard let settings = ODBCSettings(parsing: rest) else {
        throw DatabaseURL.malformed("it is not odbc:KEYWORD=VALUE;KEYWORD={A VALUE};..")
      }
      let shown = "odbc:\(PrintableText.line(settings.description, limit: 200))"
      self.init(.odbc, shown, target: rest, secrets: settings.secrets, settings: settings)
    default: throw DatabaseURL.malformed("its scheme is none of postgresql, mariadb, mysql, sqlite, duckdb and odbc")
    }
    guard !target.isEmpty else { throw DatabaseURL.malformed("it names no file") }
    guard origin == .environment || secrets.isEmpty else { throw passwordRefused() }
  }

  private func passwordRefused() -> DatabaseError {
    let place =
      switch engine {
      case .postgresql: "the password into the file that PGPASSFILE names (~/.pgpass), or "
      case .mariadb, .mysql: "the password into ~/.my.cnf (password=.. below [client]), or "
      case .sqlite, .duckdb, .odbc: ""
      }
    return DatabaseError(
      .badURL, "--database \(self)", reason: "it has a password, which other users of this machine can read there",
      hint: "write \(place)the URL into OPZ_DATABASE")
  }

  /// `sqlite:rel.db`, and as other programs write it: `sqlite:///rel.db`, `sqlite:////abs.db`.
  private init(file: String, _ engine: Engine) {
    let target = file.hasPrefix("///") ? String(file.dropFirst(3)) : file
    self.init(engine, "\(engine.rawValue):\(PrintableText.line(target, limit: 200))", target: target)
  }

  private init(
    _ engine: Engine, _ description: String, target: String, secrets: [String] = [], settings: ODBCSettings? = nil
  ) {
    self.settings = settings
    self.engine = engine
    self.description = description
    self.target = target
    self.secrets = secrets
  }

  private static func malformed(_ reason: String) -> DatabaseError {
    DatabaseError(
      .badURL, "--database", reason: reason,
      hint:
        "write sqlite:FILE, duckdb:FILE, postgresql://USER@HOST:PORT/DATABASE, mariadb://USER@HOST:PORT/DATABASE or "
        + "odbc:Driver=PATH;..")
  }

  /// The same with another password, which stood elsewhere and is not shown either.
  func hiding(_ secret: String) -> DatabaseURL {
    var url = self
    if !secret.isEmpty { url.secrets.append(secret) }
    return url
  }

  /// A text of the database's library without the password, printable.
  func without(secrets text: String) -> String {
    let hidden = secrets.sorted { $0.utf8.count > $1.utf8.count }.reduce(Array(text.utf8)) {
      DatabaseURL.hide(Array($1.utf8), in: $0)
    }
    let lines = String(decoding: hidden, as: UTF8.self).split(whereSeparator: \.isNewline).map {
      $0.trimmingPrefix { $0 == " " || $0 == "\t" }
    }
    return PrintableText.line(lines.joined(separator: "; "), limit: 1000)
  }
}

extension DatabaseURL {
  /// Writes two dots for a secret, whichever of its bytes are percent-encoded: a library may write it in another way than
  /// the user.
  private static func hide(_ secret: [UInt8], in text: [UInt8]) -> [UInt8] {
    var hidden: [UInt8] = []
    var at = 0
    while at < text.count {
      if let end = end(of: secret, in: text, from: at) {
        hidden += [UInt8(ascii: "."), UInt8(ascii: ".")]
        at = end
      } else {
        hidden.append(text[at])
        at += 1
      }
    }
    return hidden
  }

  /// Where a secret ends that begins at a byte of the text; nil if none begins there.
  private static func end(of secret: [UInt8], in text: [UInt8], from start: Int) -> Int? {
    var at = start
    for byte in secret {
      if at < text.count, text[at] == byte {
        at += 1
      } else if at + 2 < text.count, text[at] == UInt8(ascii: "%"),
        UInt8(String(decoding: text[at + 1...at + 2], as: UTF8.self), radix: 16) == byte
      {
        at += 3
      } else {
        return nil
      }
    }
    return at > start ? at : nil
  }
}
