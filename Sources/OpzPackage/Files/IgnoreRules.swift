import OpzIO

/// Which entries of a directory tree are left out: opz's defaults, then `.opzignore` of the directory and of those
/// below, with git's rules. The last matching pattern decides; entries below an ignored directory cannot be included
/// again.
struct IgnoreRules: Sendable {
  /// Why an entry is left out: `not content`, `may be a secret (..)`, or `.opzignore:3 (*.tmp)`.
  typealias Reason = String

  static let fileName = ".opzignore"
  /// Maximum bytes of an ignore file.
  static let maximumBytes = 1 << 20

  private struct File: Sendable {
    /// The depth of its directory.
    let depth: Int
    let patterns: [IgnorePattern]
    let reason: @Sendable (IgnorePattern) -> Reason
  }

  private var files: [File] = []
  private let defaults: Bool

  /// Starts with the defaults, or without patterns.
  init(defaults: Bool = true) {
    self.defaults = defaults
  }

  /// Adds the patterns of an ignore file.
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - name: the file's name in reasons.
  ///   - depth: the depth of the file's directory below the top.
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

  /// Why an entry is left out, or nil when it is taken, as far as its name says.
  /// - Parameter path: its names from the top.
  func reason(_ path: [[UInt8]], isDirectory: Bool) -> Reason? {
    func unknown() throws(Never) -> [UInt8]? { nil }
    return reason(path, isDirectory: isDirectory, content: unknown)
  }

  /// Why an entry is left out, or nil when it is taken.
  /// - Parameters:
  ///   - path: its names from the top.
  ///   - content: a file's bytes, asked for where its name does not decide whether it is a secret; nil where there are none to see.
  func reason<Problem: Error>(
    _ path: [[UInt8]], isDirectory: Bool, content: () throws(Problem) -> [UInt8]?
  ) throws(Problem) -> Reason? {
    for file in files.reversed() where file.depth < path.count {
      let names = path[file.depth...]
      if let match = file.patterns.last(where: { $0.matches(names, isDirectory: isDirectory) }) {
        return match.isNegated ? nil : file.reason(match)
      }
    }
    guard defaults else { return nil }
    if IgnoreDefaults.clutter.contains(where: { $0.matches(path[...], isDirectory: isDirectory) }) {
      return "not content"
    }
    guard let judgement = SecretFiles.judgement(path, isDirectory: isDirectory) else { return nil }
    let isSecret: Bool
    switch judgement {
    case .secret: isSecret = true
    case .unless(let kind):
      let bytes = try content()
      isSecret = bytes.map(kind.isHarmless) != true
    case .when(let kind):
      let bytes = try content()
      isSecret = bytes.map(kind.holdsSecret) == true
    }
    return isSecret
      ? "may be a secret (!\(IgnoreRules.pattern(path[path.count - 1])) in \(IgnoreRules.fileName) takes it back)" : nil
  }

  /// The pattern that means just this name.
  private static func pattern(_ name: [UInt8]) -> String {
    let escaped = name.enumerated().flatMap { index, byte -> [UInt8] in
      let isLastBlank = byte == UInt8(ascii: " ") && index == name.count - 1
      return isLastBlank || "*?[\\".utf8.contains(byte) ? [UInt8(ascii: "\\"), byte] : [byte]
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}

/// What is left out of a directory unless `.opzignore` takes it back, besides `SecretFiles`. A file that opz.yaml names itself always goes.
enum IgnoreDefaults {
  static let clutter = IgnoreRules.patterns(Array(names.utf8))

  private static let names = """
    .git
    .hg
    .svn
    .gitignore
    .gitattributes
    .dockerignore
    .opzignore
    .DS_Store
    .ipynb_checkpoints
    .mypy_cache
    .pytest_cache
    .ruff_cache
    .tox
    .venv
    .idea
    .vscode
    __pycache__
    *.pyc
    *.swp
    opz.yaml
    opz.lock
    pylock.toml
    pylock.*.toml
    """
}
