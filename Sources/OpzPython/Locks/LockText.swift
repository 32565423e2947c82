/// The text of a pylock.toml as uv writes it: a wheel a line.
public enum LockText {
  /// Leaves out the wheels that requirements refuse by their digests, so that the lock has none that may not be taken.
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
