import OpzIO
import SystemPackage

/// The user and password of MariaDB's programs: `~/.my.cnf`.
struct OptionFile {
  private(set) var user: String?
  private(set) var password: String?

  private static let groups = ["client", "client-server", "client-mariadb", "mariadb-client", "opz"]

  /// Reads the file of a home directory. One that is not there, or that others may write, has nothing.
  init(home: String?) {
    self.init(text: OptionFile.text(home: home) ?? "")
  }

  private static func text(home: String?) -> String? {
    guard let home, !home.isEmpty else { return nil }
    let path = FilePath(home).appending(".my.cnf")
    guard let status = try? FileStatus.find(path), status.mode & 0o002 == 0,
      let bytes = try? SmallFile.read(path, limit: 1 << 20)
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The last one of a name counts.
  init(text: String) {
    var isOurs = false
    for line in text.split(whereSeparator: \.isNewline) {
      let line = OptionFile.trimmed(line)
      if line.first == "[" {
        isOurs = OptionFile.groups.contains(line.dropFirst().prefix { $0 != "]" }.lowercased())
      } else if isOurs, let equals = line.firstIndex(of: "="), !"#;".contains(line.first ?? "#") {
        let value = OptionFile.value(OptionFile.trimmed(line[line.index(after: equals)...]))
        switch OptionFile.trimmed(line[..<equals]) {
        case "user": user = value
        case "password": password = value
        default: break
        }
      }
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.trimmingPrefix(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }

  /// Without quotes around it, and with what stands behind backslashes.
  private static func value(_ text: Substring) -> String {
    var text = text
    if let quote = text.first, "'\"".contains(quote), text.count > 1, text.last == quote {
      text = text.dropFirst().dropLast()
    }
    let escapes: [Character: Character] = ["s": " ", "t": "\t", "n": "\n", "r": "\r", "\\": "\\", "b": "\u{8}"]
    var value = ""
    while let character = text.popFirst() {
      if character == "\\", let next = text.first, let meant = escapes[next] {
        value.append(meant)
        text.removeFirst()
      } else {
        value.append(character)
      }
    }
    return value
  }
}
