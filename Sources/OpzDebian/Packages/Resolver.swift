import OpzIO

/// Chooses packages to add to a base, so that everything they need is there. Nothing of the base is removed, replaced or
/// upgraded.
///
/// It looks at dependencies in the order in which they come up, and takes for each the first candidate that goes: the
/// first alternative, the archive with the highest priority, the newest version. Where one leads nowhere the next is
/// tried.
public struct Resolver: Sendable {
  /// Something that is asked for by name.
  public struct Want: Sendable {
    /// As the user writes it.
    public let name: String
    public let dependency: Dependency

    /// - Parameter name: as the user writes it, for messages.
    public init(_ name: String, _ dependency: Dependency) { (self.name, self.dependency) = (name, dependency) }
  }

  /// The most candidates that are tried.
  private static let mostTries = 20_000

  private let base: InstalledPackages
  private let pool: PackagePool
  /// As the user names the base.
  private let name: String

  /// - Parameters:
  ///   - base: what is installed.
  ///   - pool: what can be added.
  ///   - name: the base's, for messages.
  public init(base: InstalledPackages, pool: PackagePool, name: String) {
    (self.base, self.pool, self.name) = (base, pool, name)
  }

  private struct Need {
    let dependency: Dependency
    let requester: String
  }

  /// A dependency with candidates that are yet to be tried.
  private struct Choice {
    let place: Int
    let needs: Int
    let chosen: Int
    var options: ArraySlice<DebianPackage>
  }

  /// The packages to add, sorted by name.
  /// - Throws: `DebianError.unsatisfiable` that names the first package that did not fit, and why.
  public func resolve(_ wanted: [Want]) throws -> [DebianPackage] {
    var needs = wanted.map { Need(dependency: $0.dependency, requester: "") }
    var states = [base]
    var chosen: [DebianPackage] = []
    var choices: [Choice] = []
    var (place, tries) = (0, 0)
    var problem: DebianError?
    while place < needs.count {
      let need = needs[place]
      let state = states[states.count - 1]
      if need.dependency.alternatives.contains(where: { state.satisfying($0) != nil }) {
        place += 1
        continue
      }
      let options = try need.dependency.alternatives.flatMap { try pool.candidates($0) }
      if options.isEmpty { problem = problem ?? missing(need, state) }
      choices.append(
        Choice(place: place, needs: needs.count, chosen: chosen.count, options: options[...]))
      // The next candidate of the last dependency that has one.
      while let last = choices.indices.last {
        tries += 1
        guard tries <= Resolver.mostTries else { throw problem ?? tooMany() }
        needs.removeSubrange(choices[last].needs...)
        states.removeSubrange((choices[last].chosen + 1)...)
        chosen.removeSubrange(choices[last].chosen...)
        guard let package = choices[last].options.popFirst() else {
          choices.removeLast()
          continue
        }
        if let reason = states[states.count - 1].objection(to: package) {
          problem = problem ?? refused(package, needs[choices[last].place], because: reason)
          continue
        }
        var next = states[states.count - 1]
        next.add(package)
        states.append(next)
        chosen.append(package)
        needs += package.dependencies.map { Need(dependency: $0, requester: "\(package.name) \(package.version)") }
        break
      }
      guard let last = choices.last else { throw problem ?? tooMany() }
      place = last.place + 1
    }
    return chosen.sorted { $0.name < $1.name }
  }

  private func missing(_ need: Need, _ state: InstalledPackages) -> DebianError {
    for relation in need.dependency.alternatives {
      guard let own = base[relation.name] else { continue }
      return unsatisfiable(
        need, reason: "\(name) has \(own.name) \(own.version), and nothing of a base is upgraded",
        hint: "name a base that is up to date, or an archive of the base's own time in runtime.archive")
    }
    return unsatisfiable(need, reason: "no archive of \(name) has it", hint: nil)
  }

  private func refused(_ package: DebianPackage, _ need: Need, because reason: String) -> DebianError {
    unsatisfiable(
      need, reason: "\(package.name) \(package.version) cannot be added to \(name): \(reason)",
      hint: "name a base that is up to date, or install it there")
  }

  private func unsatisfiable(_ need: Need, reason: String, hint: String?) -> DebianError {
    let who = need.requester.isEmpty ? "\(need.dependency)" : "\(need.requester) needs \(need.dependency)"
    return DebianError(.unsatisfiable, who, reason: reason, hint: hint)
  }

  private func tooMany() -> DebianError {
    DebianError(.unsatisfiable, name, reason: "no choice of packages was found in \(Resolver.mostTries) tries")
  }
}
