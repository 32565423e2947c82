/// Files that people keep secrets in, by their names: without case, as copies and backups too.
enum SecretFiles {
  /// What is known of an entry by its name.
  enum Judgement: Sendable, Hashable {
    /// It holds secrets.
    case secret
    /// It does unless its content shows that it does not.
    case unless(SecretFileContent)
    /// It does if its content shows it.
    case when(SecretFileContent)

    fileprivate var strictness: Int {
      switch self {
      case .secret: 2
      case .unless: 1
      case .when: 0
      }
    }
  }

  /// - Parameter path: its names from the top, the last one its own.
  /// - Returns: nil for an entry whose name says nothing.
  static func judgement(_ path: [[UInt8]], isDirectory: Bool) -> Judgement? {
    guard let last = path.last else { return nil }
    let parent = path.dropLast().last.map(lowered)
    let found = spellings(of: lowered(last)).compactMap { judgement(of: $0, in: parent, isDirectory: isDirectory) }
    // The copy of a file may have a form of its own: the strictest counts.
    return found.max { $0.strictness < $1.strictness }
  }

  private static func judgement(of name: String, in parent: String?, isDirectory: Bool) -> Judgement? {
    let both = parent.map { "\($0)/\(name)" }
    if isDirectory {
      let names = SecretFileNames.directories
      return names.contains(name) || both.map(names.contains) == true ? .secret : nil
    }
    return both.flatMap { SecretFileNames.files[$0] } ?? SecretFileNames.files[name]
      ?? SecretFileNames.judgement(ofForm: name)
  }

  private static func lowered(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self).lowercased() }

  /// The name, and what it is a copy or a backup of: `credentials (1).json`, `.env.bak`, `id_rsa~`, `.kaggle.json.swp`.
  private static func spellings(of name: String) -> [String] {
    var all = [name]
    var rest = name.trimmingBlanks()
    for _ in 0..<6 {
      guard let next = original(of: rest) else { break }
      rest = next
      all.append(next)
    }
    return all
  }

  private static let suffixes = [
    "~", ".bak", ".backup", ".bkp", ".bk", ".old", ".orig", ".original", ".save", ".saved", ".swp", ".swo", ".tmp",
    ".temp", ".copy",
    ".prev", ".previous", ".disabled", ".rej", ".rpmsave", ".rpmnew", ".dpkg-old", ".dpkg-dist", ".new", " - copy",
    " copy", "_copy", "-copy",
    "_old", "-old", "_bak", "-bak", "_backup", "-backup", "_orig", "-orig",
  ]

  private static func original(of name: String) -> String? {
    // emacs saves what is edited as `#name#`, vim as `.name.swp`.
    if name.count > 2, name.hasPrefix("#"), name.hasSuffix("#") { return String(name.dropFirst().dropLast()) }
    if name.hasPrefix("."), name.hasSuffix(".swp") || name.hasSuffix(".swo") {
      return String(name.dropFirst().dropLast(4))
    }
    if let original = withoutNumber(name[...]) { return original }
    if name.hasPrefix("copy of ") { return String(name.dropFirst(8)) }
    for suffix in suffixes where name.hasSuffix(suffix) && name.count > suffix.count {
      return String(name.dropLast(suffix.count)).trimmingBlanks()
    }
    // A number or a day: `.env.1`, `.env.2026-11-28`, `id_rsa_20261128`.
    if let dot = name.lastIndex(where: { $0 == "." || $0 == "_" }), dot > name.startIndex {
      let end = name[name.index(after: dot)...]
      let digits = end.filter(\.isNumber).count
      if !end.isEmpty, digits > 0, end.allSatisfy({ $0.isNumber || $0 == "-" }), digits <= 2 || digits >= 6 {
        return String(name[..<dot])
      }
    }
    return copyBeforeSuffix(name)
  }

  /// `id_rsa (1)`.
  private static func withoutNumber(_ name: Substring) -> String? {
    guard name.hasSuffix(")"), let open = name.lastIndex(of: "("),
      name[name.index(after: open)...].dropLast().allSatisfy(\.isNumber)
    else { return nil }
    let kept = name[..<open].trimmingBlanks()
    return kept.isEmpty ? nil : kept
  }

  /// `credentials (1).json`, `credentials copy.json`, `kaggle - copy.json`, `credentials_old.json`.
  private static func copyBeforeSuffix(_ name: String) -> String? {
    let dot = name.lastIndex(of: ".").flatMap { $0 > name.startIndex ? $0 : nil } ?? name.endIndex
    let stem = name[..<dot].trimmingBlanks()
    let end = name[dot...]
    if let original = withoutNumber(stem[...]) { return original + end }
    guard !end.isEmpty else { return nil }
    for suffix in suffixes where stem.hasSuffix(suffix) && stem.count > suffix.count {
      return stem.dropLast(suffix.count).trimmingBlanks() + end
    }
    return nil
  }
}

extension StringProtocol {
  /// Without blanks at both ends.
  fileprivate func trimmingBlanks() -> String {
    let start = drop { $0 == " " }
    return String(start[..<(start.lastIndex { $0 != " " }.map { start.index(after: $0) } ?? start.startIndex)])
  }
}
