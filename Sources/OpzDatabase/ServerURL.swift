import OpzIO

/// The parts of a URL of a server's database: `//USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE`.
struct ServerURL {
  /// `SCHEME://HOST/DATABASE`.
  let shown: String
  /// Passwords, as written and decoded.
  private(set) var secrets: [String] = []
  private(set) var user: String?
  private(set) var password: String?
  /// With its port.
  let authority: Substring
  let path: Substring
  /// Decoded.
  private(set) var parameters: [(name: String, value: String)] = []
  private let scheme: String

  private static let secretNames = ["password", "sslpassword"]

  /// - Parameter rest: what stands behind the scheme's colon.
  /// - Throws: `DatabaseError.badURL`, whose text has nothing of a URL that may have a password.
  init(_ rest: String, scheme: String) throws {
    self.scheme = scheme
    guard rest.hasPrefix("//") else {
      throw ServerURL.malformed(scheme, "two slashes are missing behind \(scheme):")
    }
    let parts = rest.dropFirst(2).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let authority = parts[0].prefix { $0 != "/" }
    path = parts[0].dropFirst(authority.count)
    let halves = authority.split(separator: "@", omittingEmptySubsequences: false)
    guard halves.count <= 2, rest.dropFirst(2 + authority.count).contains("@") == false else {
      throw ServerURL.malformed(
        scheme, "an @, / or ? in a user's name or password has to be written %40, %2F or %3F")
    }
    self.authority = halves.last ?? ""
    shown = "\(scheme)://\(PrintableText.line(String(self.authority) + path, limit: 200))"
    if halves.count == 2 {
      let colon = halves[0].firstIndex(of: ":")
      user = PercentCoding.decode(halves[0][..<(colon ?? halves[0].endIndex)])
      if let colon {
        let written = halves[0][halves[0].index(after: colon)...]
        add(written)
        password = PercentCoding.decode(written)
      }
    }
    for parameter in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = PercentCoding.decode(String(pair[0])) ?? ""
      if pair.count == 2, ServerURL.secretNames.contains(name) { add(pair[1]) }
      parameters.append((name, pair.count == 2 ? PercentCoding.decode(pair[1]) ?? "" : ""))
    }
  }

  private mutating func add(_ secret: Substring) {
    guard !secret.isEmpty else { return }
    secrets.append(String(secret))
    if let decoded = PercentCoding.decode(String(secret)), decoded != secret { secrets.append(decoded) }
  }

  /// An error that says nothing of the URL.
  static func malformed(_ scheme: String, _ reason: String) -> DatabaseError {
    DatabaseError(.badURL, "--database", reason: reason, hint: "write \(scheme)://USER@HOST:PORT/DATABASE")
  }
}

extension ServerURL {
  /// The keywords of MariaDB's driver for parameters of the URL.
  private static let keywords = [
    "socket": "SOCKET", "driver": "Driver", "user": "UID", "password": "PWD", "ssl-ca": "SSLCA", "ssl-cert": "SSLCERT",
    "ssl-key": "SSLKEY", "ssl-verify-server-cert": "SSLVERIFY", "tls": "FORCETLS",
  ]

  /// What MariaDB's driver is told, without a driver or password that stand elsewhere.
  /// - Throws: `DatabaseError.badURL`.
  func mariaDBSettings() throws -> ODBCSettings {
    var settings = ODBCSettings()
    for (name, value) in parameters {
      guard let keyword = ServerURL.keywords[name] else {
        let list = ServerURL.keywords.keys.sorted().joined(separator: ", ")
        throw ServerURL.malformed(scheme, "it has a parameter that is none of \(list)")
      }
      settings.add(keyword, value)
    }
    let (host, port) = try hostAndPort()
    if !host.isEmpty, settings["SOCKET"] == nil { settings.add("SERVER", host) }
    if let port { settings.add("PORT", "\(port)") }
    guard let database = PercentCoding.decode(path.dropFirst()), !database.isEmpty, !database.contains("/") else {
      throw ServerURL.malformed(scheme, "it names no database")
    }
    settings.add("DATABASE", database)
    if let user, !user.isEmpty { settings.add("UID", user) }
    if let password { settings.add("PWD", password) }
    return settings
  }

  /// An address of IPv6 stands in brackets.
  private func hostAndPort() throws -> (host: String, port: UInt16?) {
    var host = authority
    var port: Substring?
    if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
      host = authority[..<colon]
      port = authority[authority.index(after: colon)...]
    }
    if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
    let number = port.map { UInt16($0) }
    guard let decoded = PercentCoding.decode(host), number != .some(nil) else {
      throw ServerURL.malformed(scheme, "its host or port is none")
    }
    return (decoded, number ?? nil)
  }
}
