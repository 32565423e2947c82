/// Paths in opz.yaml are relative to its directory and must stay below it.
extension YAMLScope {
  /// The path of a key, below the document's directory; nil when it is missing. Others are reported.
  public func path(_ key: String) -> String? {
    guard let text = text(key) else { return nil }
    if let problem = YAMLScope.problem(path: text) {
      fail(key, problem.reason, hint: problem.hint)
      return nil
    }
    return text
  }

  /// The paths of a list, below the document's directory; empty when the key is missing. Others and duplicates are
  /// reported.
  public func paths(_ key: String) -> [String] {
    var seen: Set<[Substring]> = []
    return texts(key).compactMap { index, text in
      if let problem = YAMLScope.problem(path: text) {
        fail(key, at: index, problem.reason, hint: problem.hint)
        return nil
      }
      let parts = text.split(separator: "/").filter { $0 != "." }
      if !seen.insert(parts).inserted { fail(key, at: index, "duplicate \(text)") }
      return text
    }
  }

  private static func problem(path text: String) -> (reason: String, hint: String?)? {
    if text.isEmpty { return ("an empty path", nil) }
    if text.hasPrefix("/") { return ("\(text) is absolute", "paths in opz.yaml are relative to its directory") }
    if text.split(separator: "/").contains("..") {
      return (
        "\(text) leads out of the project", "move opz.yaml to a directory above, or copy the file into the project"
      )
    }
    if text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
      return ("a control character in a path", nil)
    }
    if text.utf8.count > 4095 || text.utf8.split(separator: UInt8(ascii: "/")).contains(where: { $0.count > 255 }) {
      return ("a path longer than Linux allows", nil)
    }
    return nil
  }
}
