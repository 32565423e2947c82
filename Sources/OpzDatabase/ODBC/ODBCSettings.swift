import OpzIO

/// What an ODBC driver is told to connect: keywords and values, in the order in which they were written.
struct ODBCSettings: Sendable, Hashable {
  private struct Pair: Hashable {
    let keyword: String
    let value: String
  }

  private var pairs: [Pair] = []

  init() {}

  /// Parses `Driver=/path/lib.so;Server=db.example;PWD={a;b}`.
  /// - Returns: nil for what is no such text.
  init?(parsing text: String) {
    var rest = text[...]
    while !rest.isEmpty {
      guard let equals = rest.firstIndex(of: "=") else { return nil }
      let keyword = rest[..<equals].trimmingPrefix { $0 == " " }
      rest = rest[rest.index(after: equals)...]
      guard !keyword.isEmpty, !keyword.contains(where: { "{};".contains($0) }), let value = ODBCSettings.value(&rest)
      else { return nil }
      add(String(keyword), value)
    }
  }

  /// Takes a value and the semicolon behind it.
  private static func value(_ rest: inout Substring) -> String? {
    guard rest.first == "{" else {
      let value = rest.prefix { $0 != ";" }
      rest = rest.dropFirst(value.count + 1)
      return String(value)
    }
    var value = ""
    rest.removeFirst()
    while let character = rest.popFirst() {
      guard character == "}" else {
        value.append(character)
        continue
      }
      guard rest.first == "}" else {
        guard let next = rest.popFirst() else { return value }
        return next == ";" ? value : nil
      }
      value.append("}")
      rest.removeFirst()
    }
    return nil
  }

  /// Adds a keyword; where it is there already, the first one counts.
  mutating func add(_ keyword: String, _ value: String) {
    guard self[keyword] == nil else { return }
    pairs.append(Pair(keyword: keyword, value: value))
  }

  /// The value of a keyword, whatever the case of its letters.
  subscript(keyword: String) -> String? {
    pairs.first { $0.keyword.lowercased() == keyword.lowercased() }?.value
  }

  /// The text for the driver manager.
  var text: String {
    pairs.map { "\($0.keyword)=\(ODBCSettings.written($0.value))" }.joined(separator: ";")
  }

  /// In braces only where they are needed: PostgreSQL's driver takes them for a part of a host's name.
  private static func written(_ value: String) -> String {
    let isPlain = !value.contains { "[]{}(),;?*=!@".contains($0) } && value.first != " " && value.last != " "
    return isPlain ? value : "{\(value.replacing("}", with: "}}"))}"
  }

  /// What nobody else may see.
  var secrets: [String] {
    pairs.filter { pair in
      let keyword = pair.keyword.lowercased()
      return ["pwd", "pass", "secret", "token"].contains { keyword.contains($0) }
    }.map(\.value).filter { !$0.isEmpty }
  }

  private static let shown = ["dsn", "driver", "server", "servername", "host", "port", "database", "db", "dbq"]

  /// Where it leads, for people; without the directories of the driver.
  var description: String {
    pairs.filter { ODBCSettings.shown.contains($0.keyword.lowercased()) }.map { pair in
      let isDriver = pair.keyword.lowercased() == "driver"
      return "\(pair.keyword)=\(isDriver ? String(pair.value.split(separator: "/").last ?? "") : pair.value)"
    }.joined(separator: ";")
  }
}
