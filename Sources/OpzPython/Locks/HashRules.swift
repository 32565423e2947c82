public import OpzIO

/// The digests that requirements allow (pip, hash-checking mode).
///
/// If one requirement lists digests, all packages need some, including transitive dependencies.
public struct HashRules: Sendable {
  /// The digests that one requirement lists for a package.
  private struct Rule: Sendable {
    let hashes: Set<FileHash>
    /// `requirements.txt:3`
    let place: String
  }

  /// By normalized name. A file must be in each of a package's lists, as in pip.
  private let rules: [String: [Rule]]
  /// The place of the first requirement or option that makes digests mandatory for all packages.
  private let cause: String?

  /// Nil if no requirement lists digests.
  public init?(_ requirements: RequirementsFile, for target: PythonTarget) {
    var rules: [String: [Rule]] = [:]
    var cause = requirements.requireHashes
    for item in requirements.items where !item.hashes.isEmpty && item.marker?.holds(for: target) != false {
      cause = item.isDirect ? cause : cause ?? item.place
      rules[item.name, default: []].append(Rule(hashes: Set(item.hashes), place: item.place))
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
    case refused(place: String, listed: [FileHash])
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
        return .refused(place: rule.place, listed: rule.hashes.sorted { $0.description < $1.description })
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
    case .refused(let place, let listed):
      let shown = listed.prefix(4).map(\.description).joined(separator: ", ") + (listed.count > 4 ? ", .." : "")
      return PythonError(
        .wrongDigest, subject, "\(file) has \(found), but \(place) lists \(shown)",
        hint: "find out which of the two is right before you change --hash in \(place)")
    case .missing(let cause):
      return PythonError(
        .wrongDigest, subject,
        "no digest is listed for it, and \(cause) requires one for every package (\(file) has \(found))",
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
