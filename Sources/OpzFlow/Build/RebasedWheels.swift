import OpzIO
import OpzOCI
import OpzPackage
import OpzPython
import OpzRegistry

/// The wheels of a version that is put on another base: they have to fit it as if they were packaged on it.
struct RebasedWheels: Sendable {
  let record: VersionRecord
  /// As the user names the new base.
  let base: String
  let bases: BaseImages
  let registry: Registry
  let session: Session

  private static let libraries = Array("\(PythonProject.prefix)/lib/python3.".utf8)

  /// The version of Python that a file of a layer is for: `3.11` for what is below `/opt/python/lib/python3.11`.
  static func python(of path: [UInt8]) -> String? {
    guard path.starts(with: libraries) else { return nil }
    let minor = path.dropFirst(libraries.count).prefix { $0 != UInt8(ascii: "/") }
    guard (1...3).contains(minor.count), minor.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return "3.\(String(decoding: minor, as: UTF8.self))"
  }

  /// - Parameter pythons: those that the version's layers have files for.
  /// - Throws: `FlowError` of category `conflict` if the base has another Python, or a wheel does not fit it.
  func check(_ pythons: Set<String>) async throws {
    guard let packages = record.packages, !packages.isEmpty else { return }
    guard packages.allSatisfy({ $0.distribution == nil }) else {
      throw FlowError(
        .conflict, record.reference,
        reason: "its R packages were chosen for another base, \(record.runtime.base ?? "?")",
        hint: "set runtime.base to \(base) in opz.yaml, then opz lock and opz package")
    }
    for new in bases.bases {
      let facts = try await BaseSurvey(
        image: new.image, base: base, origin: bases.origin, registry: registry, session: session
      ).facts()
      if let missing = pythons.sorted().first(where: { !facts.python.contains($0) }) {
        let has = facts.python.isEmpty ? "no Python" : "Python \(facts.python.joined(separator: ", "))"
        throw refused("its packages are for Python \(missing), and \(base) has \(has)")
      }
      guard let minor = pythons.first.flatMap({ $0.split(separator: ".").last }).flatMap({ Int($0) }) else { continue }
      let own = packages.filter { Platform($0.platform)?.normalized == new.platform.normalized }
      let target = try PythonTarget(minor: minor, platform: new.platform, library: facts.library(of: base))
      let misfits = EnvironmentCheck.misfits(
        own.compactMap { try? WheelName(parsing: $0.wheel) }, for: target, cuda: facts.cuda)
      guard misfits.isEmpty else {
        let shown = misfits.prefix(5).map(\.description).joined(separator: "; ")
        let more = misfits.count > 5 ? "; and \(misfits.count - 5) more" : ""
        throw refused("\(base) is \(target), which its packages do not fit: \(shown)\(more)")
      }
    }
  }

  private func refused(_ reason: String) -> FlowError {
    FlowError(
      .conflict, record.reference, reason: reason,
      hint: "set runtime.base to \(base) in opz.yaml, then opz lock and opz package: other wheels may fit it")
  }
}

extension BaseFacts {
  /// The C library that wheels may rely on.
  /// - Parameter base: as the user names it.
  /// - Throws: `FlowError` for a base without one.
  func library(of base: String) throws -> PythonTarget.Library {
    func numbers(_ text: String) -> (Int, Int)? {
      let parts = text.split(separator: ".").compactMap { Int($0) }
      return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
    if let glibc = glibc.flatMap(numbers) { return .glibc(glibc.0, glibc.1) }
    if let musl = musl.flatMap(numbers) { return .musl(musl.0, musl.1) }
    throw FlowError(
      .failed, base, reason: "it has neither glibc nor musl, one of which wheels require",
      hint: "use a base with Python")
  }
}
