/// Checks that the wheels of an environment are compatible by their metadata, like `pip check` but without Python.
public enum EnvironmentCheck {
  /// A package whose requirements are not met.
  public struct Conflict: Sendable, Hashable, CustomStringConvertible {
    public let package: String
    public let reason: String

    public var description: String { "\(package) \(reason)" }
  }

  /// Finds unmet requirements.
  /// - Parameters:
  ///   - wheels: the metadata of each wheel.
  ///   - cuda: the CUDA version of the base image; nil if it has none.
  public static func conflicts(_ wheels: [WheelMetadata], for target: PythonTarget, cuda: String?) -> [Conflict] {
    let versions = Dictionary(
      wheels.map { (WheelName.normalized($0.name), $0.version) }, uniquingKeysWith: { one, _ in one })
    var conflicts: [Conflict] = []
    for wheel in wheels {
      let package = "\(wheel.name) \(wheel.version)"
      if let python = wheel.requiresPython, let clause = refusing(python, target) {
        conflicts.append(Conflict(package: package, reason: "requires Python \(clause)"))
      }
      for text in wheel.requiresDist {
        guard let requirement = WheelRequirement(text), requirement.marker?.holds(for: target) ?? true else { continue }
        guard let version = versions[requirement.name] else {
          conflicts.append(Conflict(package: package, reason: "requires \(requirement.name), which is not locked"))
          continue
        }
        if let clause = requirement.broken(by: version) {
          conflicts.append(
            Conflict(package: package, reason: "requires \(requirement.name)\(clause), but \(version) is locked"))
        }
      }
      if let reason = refusing(wheel.name, wheel.version, cuda: cuda) {
        conflicts.append(Conflict(package: package, reason: reason))
      }
    }
    return conflicts
  }

  /// Finds wheels that do not fit a target by their names alone: the version of Python, the processor, the C library and
  /// CUDA.
  /// - Parameter cuda: the CUDA version of the base image; nil if it has none.
  public static func misfits(_ wheels: [WheelName], for target: PythonTarget, cuda: String?) -> [Conflict] {
    wheels.compactMap { wheel in
      let package = "\(wheel.normalizedDistribution) \(wheel.version)"
      guard wheel.tags.contains(where: { target.rank($0) != nil }) else {
        let needed = wheel.tags.lazy.compactMap { target.missingLibrary(for: $0) }.first
        let reason = needed.map { "needs \($0)" } ?? "does not fit"
        return Conflict(package: package, reason: "\(reason) (\(wheel))")
      }
      return refusing(wheel.normalizedDistribution, wheel.version, cuda: cuda).map {
        Conflict(package: package, reason: $0)
      }
    }
  }

  private static func refusing(_ name: String, _ version: String, cuda: String?) -> String? {
    guard let own = major(ofCUDA: name, version), let cuda,
      let base = cuda.split(separator: ".").first.flatMap({ Int($0) }), own != base
    else { return nil }
    return "is built for CUDA \(own), but the base has CUDA \(cuda)"
  }

  private static func refusing(_ text: String, _ target: PythonTarget) -> String? {
    for clause in text.split(separator: ",") {
      let plain = clause.filter { $0 != " " }
      let comparison = plain.prefix { "<>=!~".contains($0) }
      let version = String(plain.dropFirst(comparison.count))
      // The patch number is unknown, so a clause about it counts as met if some patch number would meet it.
      let parts = version.split(separator: ".")
      let own = parts.count > 2 && comparison.hasPrefix(">") ? "3.\(target.minor).999" : "3.\(target.minor)"
      if PythonVersion.meets(own, String(comparison), wanted: version) == false { return plain }
    }
    return nil
  }

  /// `2.3.0+cu121` and `nvidia-cublas-cu12` are for CUDA 12.
  private static func major(ofCUDA name: String, _ version: String) -> Int? {
    let name = WheelName.normalized(name)
    let tail: Substring
    if name.hasPrefix("nvidia-"), let last = name.split(separator: "-").last, last.hasPrefix("cu") {
      tail = last.dropFirst(2)
    } else if let mark = version.firstRange(of: "+cu") {
      tail = version[mark.upperBound...]
    } else {
      return nil
    }
    let digits = tail.prefix { $0.isNumber }
    return digits.count == 3 ? Int(digits.prefix(2)) : Int(digits)
  }
}
