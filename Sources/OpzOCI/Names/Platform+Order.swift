/// Which images run on a platform, and which of them run best: containerd's normalization and order
/// (github.com/containerd/platforms, database.go and compare.go), so that opz chooses the image that a node would
/// choose.
extension Platform {
  /// The platform under its usual names: `linux/x86_64` and `linux/amd64/v1` become `linux/amd64`, `linux/arm64/v8`
  /// becomes `linux/arm64`, `linux/arm` becomes `linux/arm/v7`.
  public var normalized: Platform {
    var result = self
    result.os = os.lowercased() == "macos" ? "darwin" : os.lowercased()
    let variant = variant.map { $0.lowercased() } ?? ""
    switch (architecture.lowercased(), variant) {
    case ("i386", _), ("i486", _), ("i586", _), ("i686", _): (result.architecture, result.variant) = ("386", nil)
    case ("x86_64", _), ("x86-64", _), ("amd64", _):
      (result.architecture, result.variant) = ("amd64", variant == "v1" || variant.isEmpty ? nil : variant)
    case ("aarch64", _), ("arm64", _):
      (result.architecture, result.variant) = ("arm64", ["", "8", "v8"].contains(variant) ? nil : variant)
    case ("armhf", _): (result.architecture, result.variant) = ("arm", "v7")
    case ("armel", _): (result.architecture, result.variant) = ("arm", "v6")
    case ("arm", ""): (result.architecture, result.variant) = ("arm", "v7")
    case ("arm", "5"), ("arm", "6"), ("arm", "7"), ("arm", "8"):
      (result.architecture, result.variant) = ("arm", "v" + variant)
    case (let other, _): (result.architecture, result.variant) = (other, variant.isEmpty ? nil : variant)
    }
    return result
  }

  /// Ranks an image's platform for running on this one: 0 is best, nil means it does not run.
  ///
  /// A later processor of a line runs images for earlier ones, but not the reverse. Operating system features that
  /// the image requires must be present. Windows runs images for its own build, and from Server 2022 on also for
  /// builds between that and its own.
  public func rank(of image: Platform) -> Int? {
    guard !image.isUnknown, runs(features: image.osFeatures ?? []), runs(windows: image) else { return nil }
    let (own, image) = (normalized, image.normalized)
    guard own.os == image.os else { return nil }
    return own.processors.firstIndex { $0.architecture == image.architecture && $0.variant == image.variant }
  }

  /// Whether a single image, not listed in an index, fits this platform by its configuration. Many configurations
  /// omit the variant.
  public func accepts(_ image: Platform) -> Bool {
    guard isSameProcessor(as: image) else { return false }
    return image.variant == nil || rank(of: image) != nil
  }

  /// Whether operating system and architecture are equal, whatever the variant.
  public func isSameProcessor(as other: Platform) -> Bool {
    let (own, other) = (normalized, other.normalized)
    return own.os == other.os && own.architecture == other.architecture
  }

  /// BuildKit's attestations in an index are for `unknown/unknown`, which no machine runs.
  var isUnknown: Bool { os == "unknown" || architecture == "unknown" }

  /// The processors whose images this one, normalized, can run, best first.
  private var processors: [(architecture: String, variant: String?)] {
    let variant = variant ?? ""
    switch architecture {
    case "amd64":
      let older = (Platform.number(variant) ?? 1) - 1
      let line = stride(from: older, through: 1, by: -1).map { $0 == 1 ? nil : "v\($0)" }
      return [("amd64", self.variant)] + line.map { ("amd64", $0) } + [("386", nil)]
    case "arm": return [("arm", self.variant)] + Platform.arm(below: Platform.number(variant) ?? 0)
    case "arm64": return arm64
    default: return [(architecture, self.variant)]
    }
  }

  private static func arm(below version: Int) -> [(architecture: String, variant: String?)] {
    stride(from: version - 1, through: 5, by: -1).map { ("arm", "v\($0)") }
  }

  /// ARMv9.x includes all of ARMv8.(x + 5).
  private var arm64: [(architecture: String, variant: String?)] {
    let variant = variant ?? "v8"
    let parts = variant.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let minor = parts.count == 2 ? Platform.number("v" + parts[1]) : 0
    guard let major = Platform.number(String(parts[0])), let minor, (8...9).contains(major) else {
      return [("arm64", self.variant)]
    }
    func name(_ major: Int, _ minor: Int) -> String? {
      minor > 0 ? "v\(major).\(minor)" : major == 8 ? nil : "v\(major)"
    }
    var found = [("arm64", self.variant)]
    found += stride(from: minor - 1, through: 0, by: -1).map { ("arm64", name(major, $0)) }
    if major == 9 { found += stride(from: minor + 5, through: 0, by: -1).map { ("arm64", name(8, $0)) } }
    return found + [("arm", "v8")] + Platform.arm(below: 8)
  }

  /// Parses `v3` as 3; nil unless it is a small number.
  private static func number(_ variant: String) -> Int? {
    guard variant.hasPrefix("v"), (2...3).contains(variant.utf8.count) else { return nil }
    return Int(variant.dropFirst()).flatMap { $0 >= 0 ? $0 : nil }
  }

  private func runs(features wanted: [String]) -> Bool { Set(wanted).isSubset(of: osFeatures ?? []) }

  /// Windows Server 2022, the first that runs containers of builds other than its own.
  private static let stableBuild = 20348

  private func runs(windows image: Platform) -> Bool {
    guard os.lowercased() == "windows", let own = Platform.build(osVersion), let theirs = image.osVersion,
      !theirs.isEmpty
    else { return true }
    guard let theirs = Platform.build(theirs), own.major == theirs.major, own.minor == theirs.minor else {
      return false
    }
    if own.build < Platform.stableBuild { return own.build == theirs.build }
    return (Platform.stableBuild...own.build).contains(theirs.build)
  }

  /// Parses `10.0.17763.1`; nil when there is no such version.
  private static func build(_ version: String?) -> (major: Int, minor: Int, build: Int)? {
    let parts = (version ?? "").split(separator: ".", omittingEmptySubsequences: false).prefix(3).map { Int($0) }
    guard parts.count == 3, let major = parts[0], let minor = parts[1], let build = parts[2] else { return nil }
    return (major, minor, build)
  }
}
