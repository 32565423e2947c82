/// The text of a pylock.toml as uv writes it, with one wheel per line.
public enum LockText {
  /// Removes the wheels that the requirements' digests refuse, so that the lock lists only allowed ones.
  public static func keeping(_ rules: HashRules, in text: String) -> String {
    var name = ""
    return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      if let text = value(line, after: "name = \"") { name = RequirementsFile.normalized(text) }
      let trimmed = line.drop { $0 == " " }
      guard line.first == " ", trimmed.hasPrefix("{"), trimmed.contains(".whl\"") else { return true }
      let hashes = FileHash.Algorithm.allCases.compactMap { algorithm in
        trimmed.firstRange(of: "\(algorithm.rawValue) = \"").flatMap { range in
          FileHash(algorithm, hex: String(trimmed[range.upperBound...].prefix { $0 != "\"" }))
        }
      }
      return hashes.isEmpty || rules.keeps(name, hashes)
    }.joined(separator: "\n")
  }

  private static func value(_ line: Substring, after mark: String) -> String? {
    line.hasPrefix(mark) ? String(line.dropFirst(mark.count).prefix { $0 != "\"" }) : nil
  }
}
