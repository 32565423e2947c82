public import OpzIO

/// The digests that requirements allow (pip, hash-checking mode).
///
/// If one requirement lists digests, all packages need some, including transitive dependencies.
public struct HashRules: Sendable {
  /// The digests that one requirement lists for a package.
  private struct Rule: Sendable {
    let hashes: Set<FileHash>
    /// `requirements.txt:3`
    let location: String
  }

  /// By normalized name. A file must be in each of a package's lists, as in pip.
  private let rules: [String: [Rule]]
  /// The location of the first requirement or option that makes digests mandatory for all packages.
  private let cause: String?

  /// Nil if no requirement lists digests.
  public init?(_ requirements: RequirementsFile, for target: PythonTarget) {
    var rules: [String: [Rule]] = [:]
    var cause = requirements.requireHashes
    for item in requirements.items where !item.hashes.isEmpty && item.marker?.holds(for: target) != false {
      cause = item.isDirect ? cause : cause ?? item.location
      rules[item.name, default: []].append(Rule(hashes: Set(item.hashes), location: item.location))
    }
    if cause == nil, rules.isEmpty { return nil }
    self.rules = rules
    self.cause = cause
  }

  /// The result of checking a file of a package.
  enum Verdict: Equatable {
    case allowed
    /// None of the file's known digests uses a listed algorithm: its bytes must be hashed.
    case unknown(Set<FileHash.Algorithm>)
    case refused(location: String, listed: [FileHash])
    /// No digest is listed for the package.
    case missing(cause: String)
  }

  func verdict(_ name: String, _ known: [FileHash]) -> Verdict {
    guard let rules = rules[name], !rules.isEmpty else { return cause.map { .missing(cause: $0) } ?? .allowed }
    let algorithms = Set(known.map(\.algorithm))
    var unknown: Set<FileHash.Algorithm> = []
    for rule in rules where rule.hashes.isDisjoint(with: known) {
      let others = Set(rule.hashes.map(\.algorithm)).subtracting(algorithms)
      guard !others.isEmpty else {
        return .refused(location: rule.location, listed: rule.hashes.sorted { $0.description < $1.description })
      }
      unknown.formUnion(others)
    }
    return unknown.isEmpty ? .allowed : .unknown(unknown)
  }

  /// Whether a lock keeps a file of a package: false if a list refuses it.
  func keeps(_ name: String, _ known: [FileHash]) -> Bool {
    if case .refused = verdict(name, known) { false } else { true }
  }

  /// - Parameter file: the file's name in errors: `numpy-2.1.0-..whl`.
  func refusal(_ verdict: Verdict, subject: String, file: String, _ known: [FileHash]) -> PythonError? {
    let found = known.map(\.description).joined(separator: ", ")
    switch verdict {
    case .allowed, .unknown: return nil
    case .refused(let location, let listed):
      let shown = listed.prefix(4).map(\.description).joined(separator: ", ") + (listed.count > 4 ? ", .." : "")
      return PythonError(
        .wrongDigest, subject, reason: "\(file) has \(found), but \(location) lists \(shown)",
        hint: "find out which of the two is right before you change --hash in \(location)")
    case .missing(let cause):
      return PythonError(
        .wrongDigest, subject,
        reason: "no digest is listed for it, and \(cause) requires one for every package (\(file) has \(found))",
        hint:
          "list it with its version and --hash too, as pip's --require-hashes demands; uv pip compile --generate-hashes writes them"
      )
    }
  }

  /// Whether the wheel's bytes are needed to decide.
  public func needsBytes(_ wheel: LockedWheel) -> Bool {
    if case .unknown = verdict(wheel.name.normalizedDistribution, wheel.hashes) { true } else { false }
  }

  /// Hashes a wheel if the lock's digests do not decide.
  /// - Throws: `PythonError.wrongDigest`.
  public func check(_ wheel: LockedWheel, _ blob: some Blob, subject: String) throws {
    let name = wheel.name.normalizedDistribution
    guard case .unknown(let algorithms) = verdict(name, wheel.hashes) else { return }
    let known =
      try wheel.hashes + algorithms.sorted { $0.rawValue < $1.rawValue }.compactMap { try FileHash.of(blob, $0) }
    if let refusal = refusal(
      verdict(name, known), subject: "\(subject): \(name)", file: wheel.name.description, known)
    {
      throw refusal
    }
  }
}

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
