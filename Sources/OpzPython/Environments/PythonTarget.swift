public import OpzOCI

/// The target of an environment: a version of CPython on a Linux platform with a C library.
public struct PythonTarget: Sendable, Hashable {
  /// The C library and its newest version that wheels may rely on.
  public enum Library: Sendable, Hashable {
    /// The version of glibc or musl: 2 and 36 for 2.36.
    case glibc(Int, Int)
    case musl(Int, Int)
  }

  /// 11 for Python 3.11.
  public let minor: Int
  public let platform: Platform
  public let library: Library

  /// The platform's name in wheels' tags and in markers: `x86_64`.
  public let machine: String

  /// - Throws: `PythonError.incompatible` for a processor for which there are no wheel tags.
  public init(minor: Int, platform: Platform, library: Library) throws {
    guard let machine = PythonTarget.machine(platform) else {
      throw PythonError(.incompatible, "\(platform)", reason: "opz does not know the wheel tags of this platform")
    }
    self.minor = minor
    self.platform = platform
    self.library = library
    self.machine = machine
  }

  /// `x86_64` for linux/amd64.
  public static func machine(_ platform: Platform) -> String? {
    let platform = platform.normalized
    return switch (platform.architecture, platform.variant) {
    // Wheel tags do not distinguish later variants of these processors.
    case ("amd64", _): "x86_64"
    case ("arm64", _): "aarch64"
    case ("386", nil): "i686"
    case ("arm", "v7"), ("arm", "v8"): "armv7l"
    case ("ppc64le", nil), ("s390x", nil), ("riscv64", nil): platform.architecture
    default: nil
    }
  }

  /// Ranks a wheel tag: smaller is better, nil does not fit (PEP 425, 600, 656).
  ///
  /// An extension for exactly this Python comes first, then the stable ABI, then pure Python. Among platforms, the
  /// one that requires the newest available library comes first.
  public func rank(_ tag: WheelTag) -> Int? {
    guard let platform = platformRank(tag.platform), let python = pythonRank(tag.python, tag.abi) else { return nil }
    return python * 100_000 + platform
  }

  private func pythonRank(_ python: String, _ abi: String) -> Int? {
    let own = "cp3\(minor)"
    if python == own, abi == own { return 0 }
    if abi == "abi3", python.hasPrefix("cp3"), let from = Int(python.dropFirst(3)), (2...minor).contains(from) {
      return 1 + (minor - from)
    }
    guard abi == "none" else { return nil }
    if python == own { return 200 }
    // py312, py311 .., then py3: pure Python, or a program that does not depend on the version.
    if python == "py3" { return 202 + minor }
    if python.hasPrefix("py3"), let version = Int(python.dropFirst(3)), version <= minor {
      return 201 + (minor - version)
    }
    return nil
  }

  private func platformRank(_ tag: String) -> Int? {
    if tag == "any" { return 99_999 }
    if tag == "linux_\(machine)" { return 99_998 }
    guard tag.hasSuffix("_\(machine)") else { return nil }
    let name = tag.dropLast(machine.utf8.count + 1)
    switch library {
    case .glibc(let major, let newest):
      let needed: (Int, Int)? =
        switch name {
        case "manylinux1": (2, 5)
        case "manylinux2010": (2, 12)
        case "manylinux2014": (2, 17)
        default: PythonTarget.version(name, after: "manylinux_")
        }
      guard let needed, needed.0 == major, needed.1 <= newest else { return nil }
      return (newest - needed.1) * 2 + (name.hasPrefix("manylinux_") ? 0 : 1)
    case .musl(let major, let newest):
      guard let needed = PythonTarget.version(name, after: "musllinux_"), needed.0 == major, needed.1 <= newest else {
        return nil
      }
      return newest - needed.1
    }
  }

  /// The C library that a wheel needs and this target lacks, if nothing else keeps it from fitting: `glibc 2.39`.
  func missingLibrary(for tag: WheelTag) -> String? {
    guard rank(tag) == nil, pythonRank(tag.python, tag.abi) != nil, tag.platform.hasSuffix("_\(machine)") else {
      return nil
    }
    let name = tag.platform.dropLast(machine.utf8.count + 1)
    if let needed = PythonTarget.version(name, after: "manylinux_") { return "glibc \(needed.0).\(needed.1)" }
    if let needed = PythonTarget.version(name, after: "musllinux_") { return "musl \(needed.0).\(needed.1)" }
    return name.hasPrefix("manylinux") ? "glibc" : nil
  }

  /// `manylinux_2_28` -> (2, 28).
  private static func version(_ name: Substring, after prefix: String) -> (Int, Int)? {
    guard name.hasPrefix(prefix) else { return nil }
    let parts = name.dropFirst(prefix.count).split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]), major < 1000, minor < 1000, minor >= 0
    else {
      return nil
    }
    return (major, minor)
  }
}

extension PythonTarget: CustomStringConvertible {
  public var description: String {
    let name =
      switch library {
      case .glibc(let major, let minor): "glibc \(major).\(minor)"
      case .musl(let major, let minor): "musl \(major).\(minor)"
      }
    return "Python 3.\(minor) on \(platform) with \(name)"
  }
}
