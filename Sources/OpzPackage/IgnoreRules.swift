import OpzIO

/// Which entries of a directory tree are left out: opz's defaults, then `.opzignore` of the directory and of those below, with git's
/// rules. The last pattern that matches decides; what is in a directory that is left out cannot be taken back.
struct IgnoreRules: Sendable {
  /// Why an entry is left out: `not content`, `may be a secret`, or `.opzignore:3 (*.tmp)`.
  typealias Reason = String

  static let fileName = ".opzignore"
  /// Bytes; a longer file is a mistake.
  static let maximumBytes = 1 << 20

  private struct File: Sendable {
    /// How many names deep its directory is.
    let depth: Int
    let patterns: [IgnorePattern]
    let reason: @Sendable (IgnorePattern) -> Reason
  }

  private var files: [File]

  /// The defaults, or nothing.
  init(defaults: Bool = true) {
    files =
      !defaults
      ? []
      : IgnoreDefaults.groups.map { patterns, reason in
        File(depth: 0, patterns: patterns, reason: { _ in reason })
      }
  }

  /// Adds the patterns of an ignore file.
  /// - Parameters:
  ///   - bytes: its text.
  ///   - name: what reasons call it.
  ///   - depth: how many names deep its directory is below the top.
  mutating func add(_ bytes: [UInt8], name: String, depth: Int) {
    let patterns = IgnoreRules.patterns(bytes)
    guard !patterns.isEmpty else { return }
    files.append(File(depth: depth, patterns: patterns) { "\(name):\($0.number) (\($0.line))" })
  }

  static func patterns(_ bytes: [UInt8]) -> [IgnorePattern] {
    let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
    return text.split(separator: 10, omittingEmptySubsequences: false).enumerated().compactMap { number, line in
      IgnorePattern(line, number: number + 1)
    }
  }

  /// Why an entry is left out, or nil when it is taken.
  /// - Parameter path: its names from the top.
  func reason(_ path: [[UInt8]], isDirectory: Bool) -> Reason? {
    for file in files.reversed() where file.depth < path.count {
      let names = path[file.depth...]
      if let match = file.patterns.last(where: { $0.matches(names, isDirectory: isDirectory) }) {
        return match.isNegated ? nil : file.reason(match)
      }
    }
    return nil
  }
}
