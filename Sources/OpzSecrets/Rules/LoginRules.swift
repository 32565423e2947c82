/// Passwords in the arguments of commands: `curl -u user:password`, `sshpass -p password`.
struct CommandLoginRule: SecretRule {
  let ignoresCase = true
  let anchors = texts("curl", "sshpass", "mysql", "mariadb", "redis-cli", "psexec", "mongo", " login")

  private enum Argument {
    /// `user:password`.
    case login
    case password
  }

  /// Bytes of a command that are looked at, continued lines included.
  private static let limit = 1024

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    guard text.isBoundary(before: index) || text.byte(index) == UInt8(ascii: " ") else { return nil }
    let words = Words(text, from: index)
    guard let command = words.all.first, let options = CommandLoginRule.options(of: text, command) else { return nil }
    for (number, word) in words.all.enumerated().dropFirst() {
      for option in options where text.has(option.name, at: word.lowerBound) {
        var value = word.dropFirst(option.name.count)
        if value.isEmpty, !option.isJoined, number + 1 < words.all.count { value = words.all[number + 1] }
        if let first = text.byte(value.lowerBound), "=\"'".utf8.contains(first) { value = value.dropFirst() }
        if let found = finding(option.argument, text, value: value) { return found }
      }
    }
    return nil
  }

  private struct Option {
    let name: [UInt8]
    let argument: Argument
    /// Whether the value directly follows the name, without a blank.
    let isJoined: Bool

    init(_ name: String, _ argument: Argument, isJoined: Bool = false) {
      self.name = Array(name.utf8)
      self.argument = argument
      self.isJoined = isJoined
    }
  }

  private static let curl = ["-u", "--user", "-U", "--proxy-user"].map { Option($0, .login) }
  private static let mysql = [Option("-p", .password, isJoined: true)]
  private static let redis = [Option("-a", .password)]
  private static let others = [Option("-p", .password)]
  private static let otherNames: Set<String> = [
    "sshpass", "psexec", "psexec.exe", "psexec64.exe", "mongo", "mongosh", "mongodump", "mongoexport", "login",
  ]

  private static func options(of text: SearchText, _ command: Range<Int>) -> [Option]? {
    let name = text.string(command).lowercased()
    if name.hasPrefix("curl") { return curl }
    if name.hasPrefix("mysql") || name.hasPrefix("mariadb") { return mysql }
    if name.hasPrefix("redis-cli") { return redis }
    return otherNames.contains(name) ? others : nil
  }

  private func finding(_ argument: Argument, _ text: SearchText, value: Range<Int>) -> SecretFinding? {
    var range = value
    if argument == .login {
      guard let colon = value.first(where: { text.bytes[$0] == UInt8(ascii: ":") }) else { return nil }
      // A key may stand in the place of the user, with no password.
      range = colon + 1 < value.upperBound ? colon + 1..<value.upperBound : value.lowerBound..<colon
    }
    return LoginValue.finding(text, range, what: "a password in a command")
  }

  /// The words of a command, without their quotes.
  private struct Words {
    private(set) var all: [Range<Int>] = []

    init(_ text: SearchText, from index: Int) {
      var position = index
      while text.byte(position) == UInt8(ascii: " ") { position += 1 }
      let limit = min(text.count, index + CommandLoginRule.limit)
      while position < limit, all.count < 64 {
        let start = position
        while position < limit, let byte = text.byte(position), byte > 32, byte < 127 { position += 1 }
        var word = start..<position
        while let last = text.byte(word.upperBound - 1), !word.isEmpty, "\"'`,;)".utf8.contains(last) {
          word = word.dropLast()
        }
        while let first = text.byte(word.lowerBound), !word.isEmpty, "\"'".utf8.contains(first) {
          word = word.dropFirst()
        }
        // Where the same command begins again, its own anchor is found.
        if let first = all.first, word.count == first.count, text.bytes[word] == text.bytes[first] { return }
        if !word.isEmpty { all.append(word) }
        guard let next = Words.afterBlanks(text, position) else { return }
        position = next
      }
    }

    /// A backslash continues the line. Nil where the command ends.
    private static func afterBlanks(_ text: SearchText, _ start: Int) -> Int? {
      var index = start
      while let byte = text.byte(index) {
        if byte == 32 || byte == 9 {
          index += 1
        } else if byte == 10 || byte == 13 {
          guard index > 0, let last = text.byte(index - 1), last == UInt8(ascii: "\\") || last == 13 else { return nil }
          index += 1
        } else {
          return byte > 32 && byte < 127 && index > start ? index : nil
        }
      }
      return nil
    }
  }
}

/// Passwords in the calls that make a login: `NetworkCredential("user", "password")`, `auth=("user", "password")`.
struct CallLoginRule: SecretRule {
  let anchors = texts(
    "NetworkCredential(", "DirectoryEntry(", "PasswordAuthentication(", "UsernamePasswordCredentials(",
    "HTTPBasicAuth(", "HTTPDigestAuth(", "SetBasicAuth(", "basic_auth(", "basicAuth(", "getConnection(", "auth=(")
  private static let limit = 400

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    guard let call = anchors.first(where: { text.has($0, at: index) }) else { return nil }
    var strings: [Range<Int>] = []
    var position = index + call.count
    while let byte = text.byte(position), byte != UInt8(ascii: ")"), position - index < CallLoginRule.limit {
      position += 1
      guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else { continue }
      let start = position
      while let next = text.byte(position), next != byte, next >= 32, position - start < 200 { position += 1 }
      guard text.byte(position) == byte else { return nil }
      strings.append(start..<position)
      position += 1
    }
    guard strings.count == 2 || strings.count == 3, let last = strings.last else { return nil }
    return LoginValue.finding(text, last, what: "a password in a call")
  }
}

/// The logins that Bundler keeps for hosts of gems: `BUNDLE_GEMS__INTERNAL__NET: "user:password"`.
struct BundlerLoginRule: SecretRule {
  let anchors = texts("BUNDLE_")

  func find(in text: SearchText, at index: Int) -> SecretFinding? {
    let name = index..<text.end(of: .constant, from: index, limit: 128)
    guard text.isBoundary(before: index), let value = NamedValue(after: name, in: text),
      let colon = text.bytes[value.range].firstIndex(of: UInt8(ascii: ":")), colon > value.range.lowerBound
    else { return nil }
    return LoginValue.finding(text, colon + 1..<value.range.upperBound, what: "a Bundler password")
  }
}

/// Whether what stands where a password is one that is written out.
private enum LoginValue {
  static func finding(_ text: SearchText, _ range: Range<Int>, what: String) -> SecretFinding? {
    guard range.count >= 6, range.count <= 128 else { return nil }
    let value = text.bytes[range]
    guard let first = value.first, !"$<%{*@[-".utf8.contains(first) else { return nil }
    let own = Array(value)
    guard !own.contains(text: "${"), !own.contains(text: "$("), !own.contains(text: "{{"), !own.contains(text: "://")
    else {
      return nil
    }
    guard AddressRule.isPassword(value) else { return nil }
    return SecretFinding(range: range, what: what, rank: 1)
  }
}
