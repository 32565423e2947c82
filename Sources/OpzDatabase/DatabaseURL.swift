import OpzIO

/// Which database, and how to reach it: `sqlite:PATH`, `duckdb:PATH`, `postgresql://HOST/DATABASE`.
///
/// A password is never shown: `description` has none, and errors are written without it (`without(secrets:)`).
public struct DatabaseURL: Sendable, Hashable, CustomStringConvertible {
  /// The kinds of database that opz speaks to.
  public enum Engine: String, Sendable, CaseIterable {
    case postgresql, sqlite, duckdb
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
  /// The path of a file; PostgreSQL's whole URL.
  let target: String
  /// Passwords in the URL, as written and decoded.
  let secrets: [String]

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
      let parts = try PostgresURL(rest)
      guard origin == .environment || parts.secrets.isEmpty else {
        throw DatabaseError(
          .badURL, "--database \(parts.shown)",
          reason: "it has a password, which other users of this machine can read there",
          hint: "write the password into the file that PGPASSFILE names (~/.pgpass), or the URL into OPZ_DATABASE")
      }
      self.init(.postgresql, parts.shown, target: "postgresql:\(rest)", secrets: parts.secrets)
    default: throw DatabaseURL.malformed("its scheme is none of postgresql, sqlite and duckdb")
    }
    guard !target.isEmpty else { throw DatabaseURL.malformed("it names no file") }
  }

  /// `sqlite:rel.db`, and as other programs write it: `sqlite:///rel.db`, `sqlite:////abs.db`.
  private init(file: String, _ engine: Engine) {
    let target = file.hasPrefix("///") ? String(file.dropFirst(3)) : file
    self.init(engine, "\(engine.rawValue):\(PrintableText.line(target, limit: 200))", target: target)
  }

  private init(_ engine: Engine, _ description: String, target: String, secrets: [String] = []) {
    self.engine = engine
    self.description = description
    self.target = target
    self.secrets = secrets
  }

  private static func malformed(_ reason: String) -> DatabaseError {
    DatabaseError(
      .badURL, "--database", reason: reason,
      hint: "write sqlite:FILE, duckdb:FILE or postgresql://USER@HOST:PORT/DATABASE")
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

/// The parts of PostgreSQL's URL that have to do with secrets. libpq reads the rest.
private struct PostgresURL {
  /// `postgresql://HOST/DATABASE`.
  let shown: String
  var secrets: [String] = []

  /// - Parameter rest: what stands behind the scheme's colon.
  init(_ rest: String) throws {
    guard rest.hasPrefix("//") else { throw PostgresURL.malformed("two slashes are missing behind postgresql:") }
    let parts = rest.dropFirst(2).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let authority = parts[0].prefix { $0 != "/" }
    let path = parts[0].dropFirst(authority.count)
    let halves = authority.split(separator: "@", omittingEmptySubsequences: false)
    guard halves.count <= 2, rest.dropFirst(2 + authority.count).contains("@") == false else {
      throw PostgresURL.malformed("an @, / or ? in a user's name or password has to be written %40, %2F or %3F")
    }
    shown = "postgresql://\(PrintableText.line(String(halves.last ?? "") + path, limit: 200))"
    if halves.count == 2, let colon = halves[0].firstIndex(of: ":") {
      add(halves[0][halves[0].index(after: colon)...])
    }
    for parameter in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = PercentCoding.decode(String(pair[0])) ?? ""
      if pair.count == 2, ["password", "sslpassword"].contains(name) { add(pair[1]) }
    }
  }

  private mutating func add(_ secret: Substring) {
    guard !secret.isEmpty else { return }
    secrets.append(String(secret))
    if let decoded = PercentCoding.decode(String(secret)), decoded != secret { secrets.append(decoded) }
  }

  private static func malformed(_ reason: String) -> DatabaseError {
    DatabaseError(.badURL, "--database", reason: reason, hint: "write postgresql://USER@HOST:PORT/DATABASE")
  }
}
