import OpzIO
import OpzTOML
public import SystemPackage

/// User names and passwords for package indexes, from the sources that uv and pip use: netrc, and URLs in the
/// environment.
///
/// They are only used for requests and never written to a lock, record or message.
public struct IndexLogins: Sendable {
  /// A user name and password for one server.
  public struct Login: Sendable {
    /// A URL of the server.
    public let url: String
    public let user: String
    public let password: String
  }

  public private(set) var logins: [Login] = []

  private static let variables = [
    "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL",
  ]

  /// Collects the logins.
  /// - Parameters:
  ///   - environment: NETRC, HOME, and variables such as UV_INDEX_URL whose URLs contain a user and password.
  ///   - indexes: names and URLs of indexes, for UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD.
  public init(environment: [String: String], indexes: [(name: String, url: String)] = []) {
    for variable in IndexLogins.variables {
      for word in (environment[variable] ?? "").split(separator: " ") {
        // `name=url`, as in UV_INDEX.
        let url = word.contains("://") ? String(word[(IndexLogins.start(of: word))...]) : String(word)
        if let login = IndexLogins.login(in: url) { logins.append(login) }
      }
    }
    for (name, url) in indexes {
      let key = String(name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
      guard let password = environment["UV_INDEX_\(key)_PASSWORD"] else { continue }
      logins.append(Login(url: url, user: environment["UV_INDEX_\(key)_USERNAME"] ?? "", password: password))
    }
    let netrc = environment["NETRC"] ?? UserHome.directory(environment)?.appending(".netrc").string
    if let netrc, let bytes = try? FileBlob(FilePath(netrc)).bytes(), bytes.count <= 1 << 20 {
      logins += IndexLogins.netrc(String(decoding: bytes, as: UTF8.self))
    }
  }

  private static func start(of word: Substring) -> Substring.Index {
    guard let scheme = word.firstRange(of: "://"), let equals = word[..<scheme.lowerBound].lastIndex(of: "=") else {
      return word.startIndex
    }
    return word.index(after: equals)
  }

  /// The login in `https://user:password@host/path`.
  private static func login(in url: String) -> Login? {
    guard let scheme = url.firstRange(of: "://") else { return nil }
    let rest = url[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let at = authority.lastIndex(of: "@") else { return nil }
    let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let user = PercentCoding.decode(parts[0])
    let password = parts.count > 1 ? PercentCoding.decode(parts[1]) : ""
    guard let user, let password else { return nil }
    let place = url[..<scheme.upperBound] + authority[authority.index(after: at)...]
    return Login(url: String(place), user: user, password: password)
  }

  /// `machine HOST login NAME password WORD`, over any number of lines; `default` is ignored.
  private static func netrc(_ text: String) -> [Login] {
    var logins: [Login] = []
    var (machine, user, password): (String?, String?, String?)
    func finish() {
      if let machine, let password {
        logins.append(Login(url: "https://\(machine)", user: user ?? "", password: password))
        logins.append(Login(url: "http://\(machine)", user: user ?? "", password: password))
      }
      (machine, user, password) = (nil, nil, nil)
    }
    let lines = text.split(separator: "\n").filter { !$0.trimmed.hasPrefix("#") }
    var words = lines.flatMap { $0.split { $0 == " " || $0 == "\t" || $0 == "\r" } }[...]
    while let word = words.popFirst() {
      switch word {
      case "machine":
        finish()
        machine = words.popFirst().map(String.init)
      case "default": finish()
      case "login": user = words.popFirst().map(String.init)
      case "password": password = words.popFirst().map(String.init)
      default: continue
      }
    }
    finish()
    return logins
  }
}

extension Substring {
  fileprivate var trimmed: Substring { drop { $0 == " " || $0 == "\t" } }
}

extension IndexLogins: CustomStringConvertible {
  public var description: String { "\(logins.count) logins" }
}

/// The package indexes that uv's configuration names: `[[index]]` of uv.toml, `[[tool.uv.index]]` of pyproject.toml.
public enum UvIndexes {
  private static let maximumBytes: UInt64 = 1 << 20

  /// Names and URLs from the project's files and the user's (`$XDG_CONFIG_HOME/uv/uv.toml`). An unreadable file is
  /// ignored: uv itself reports what is wrong with it.
  public static func read(in project: FilePath, environment: [String: String]) -> [(name: String, url: String)] {
    var found = indexes(project.appending("uv.toml")) { $0 }
    found += indexes(project.appending("pyproject.toml")) { $0["tool"]?["uv"] }
    if let home = UserHome.configuration(environment) {
      found += indexes(home.appending("uv").appending("uv.toml")) { $0 }
    }
    return found
  }

  private static func indexes(_ file: FilePath, _ part: (TOMLValue) -> TOMLValue?) -> [(name: String, url: String)] {
    guard let status = (try? FileStatus.find(file)) ?? nil, status.kind == .file, status.size <= maximumBytes,
      let bytes = try? FileBlob(file, size: status.size).bytes(),
      let document = try? TOMLReader.read(String(decoding: bytes, as: UTF8.self))
    else { return [] }
    return (part(document)?["index"]?.array ?? []).compactMap { index in
      guard let name = index["name"]?.string, let url = index["url"]?.string else { return nil }
      return (name, url)
    }
  }
}
