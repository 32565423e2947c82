public import OpzIO

/// Which files requirements let in: those whose digests they list (pip, hash-checking mode).
///
/// Where one requirement lists digests, all packages need some, those that others require too.
public struct HashRules: Sendable {
  /// What one requirement lists for a package.
  private struct Rule: Sendable {
    let hashes: Set<FileHash>
    /// `requirements.txt:3`
    let place: String
  }

  /// By normalized name. A file has to be in each of a package's lists, as pip joins them.
  private let rules: [String: [Rule]]
  /// The place of the first requirement or option that has all packages need digests.
  private let cause: String?

  /// Nil where nothing lists digests.
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

  /// What is wrong with a file of a package.
  enum Verdict: Equatable {
    case allowed
    /// None of the digests that are known of the file is of the algorithms that are listed: its bytes have to be asked.
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

  /// Whether a lock keeps a file of a package: not one that a list refuses.
  func keeps(_ name: String, _ known: [FileHash]) -> Bool {
    if case .refused = verdict(name, known) { false } else { true }
  }

  /// - Parameter file: what errors call the file: `numpy-2.1.0-..whl`.
  func refusal(_ verdict: Verdict, subject: String, file: String, _ known: [FileHash]) -> PythonError? {
    let found = known.map(\.description).joined(separator: ", ")
    switch verdict {
    case .allowed, .unknown: return nil
    case .refused(let place, let listed):
      let shown = listed.prefix(4).map(\.description).joined(separator: ", ") + (listed.count > 4 ? ", .." : "")
      return PythonError(
        .wrongDigest, subject, "\(file) has \(found), and \(place) lists \(shown)",
        hint: "find out which of the two is right before you write another --hash into \(place)")
    case .missing(let cause):
      return PythonError(
        .wrongDigest, subject,
        "nothing lists a digest for it, and \(cause) has all packages need one (\(file) has \(found))",
        hint:
          "list it with its version and --hash too, as pip's --require-hashes asks; uv pip compile --generate-hashes does"
      )
    }
  }

  /// Whether only the wheel's bytes tell.
  public func needsBytes(_ wheel: LockedWheel) -> Bool {
    if case .unknown = verdict(wheel.name.normalizedDistribution, wheel.hashes) { true } else { false }
  }

  /// Looks at a wheel's bytes where the lock alone does not tell.
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
