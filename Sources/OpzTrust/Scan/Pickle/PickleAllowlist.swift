/// The names that a model's pickle may import without a review: constructors that hold data and run nothing else.
///
/// An allowlist rather than a denylist, because Python has too many ways to run code.
public struct PickleAllowlist: Sendable {
  private let extra: [String]

  /// Creates the allowlist, with names that the user adds.
  /// - Parameter extra: names that the user allows in addition: `package.module.Name`, or `package.*` for everything
  ///   below it.
  public init(_ extra: [String] = []) { self.extra = extra }

  /// Checks a name that the user allows.
  /// - Throws: `TrustError.usage` if it is neither a name nor ends in `.*`, or if it is in a module that can run
  ///   anything.
  public static func check(_ pattern: String) throws {
    let body = pattern.hasSuffix(".*") ? String(pattern.dropLast(2)) : pattern
    let parts = body.split(separator: ".", omittingEmptySubsequences: false)
    let isName = parts.allSatisfy { part in
      !part.isEmpty
        && part.utf8.allSatisfy {
          $0 == 95 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        }
    }
    guard isName, parts.count > 1 || pattern.hasSuffix(".*") else {
      throw TrustError(.usage, pattern, reason: "not a Python name", hint: "write package.module.Name or package.*")
    }
    guard !PythonModules.isStandard(parts[0]), !installers.contains(parts[0]) else {
      throw TrustError(
        .usage, pattern, reason: "code in \(parts[0]) can run anything", hint: "allow your own class that uses it")
    }
  }

  /// Packages that can run anything and come with nearly every Python, though they are not in its standard library.
  private static let installers: Set<Substring> = ["pip", "setuptools", "pkg_resources", "_distutils_hack", "wheel"]

  /// Whether the user allowed a name.
  func isAllowedByUser(_ module: String, _ name: String) -> Bool {
    // Allowing a package does not allow what belongs to Python itself.
    guard !PythonModules.isStandard(module) else { return false }
    let text = "\(module).\(name)"
    return extra.contains { $0 == text || ($0.hasSuffix(".*") && text.hasPrefix($0.dropLast())) }
  }

  /// Whether allowing `pattern` allows everything that allowing `name` does: it is the same, or `package.*` above it.
  public static func covers(_ pattern: String, _ name: String) -> Bool {
    pattern == name || (pattern.hasSuffix(".*") && name.hasPrefix(pattern.dropLast()))
  }

  func allows(_ global: PickleGlobal) -> Bool {
    // A dotted name reaches attributes of attributes.
    guard !global.name.contains("."), !global.name.isEmpty else { return false }
    return PickleAllowlist.isOwn(global) || isAllowedByUser(global.module, global.name)
  }

  private static func isOwn(_ global: PickleGlobal) -> Bool {
    if isTorchScript(global) { return true }
    guard let names = PickleNames.all[Substring(global.module)] else { return false }
    if names.contains(Substring(global.name)) { return true }
    // The function with which Cython creates an instance of X.
    let maker = "__pyx_unpickle_"
    return global.name.hasPrefix(maker) && global.module.hasPrefix("sklearn.")
      && names.contains(global.name.dropFirst(maker.count))
  }

  /// TorchScript's own reader looks up classes below `__torch__` in the archive's code, which `TorchScriptScanner` scans.
  /// The functions in `torch.jit._pickle` create lists and tensors.
  private static func isTorchScript(_ global: PickleGlobal) -> Bool {
    guard global.isPlain else { return false }
    if global.module == "__torch__" || global.module.hasPrefix("__torch__.") { return true }
    return global.module == "torch.jit._pickle"
      && (global.name.hasPrefix("build_") || global.name == "restore_type_tag")
  }

  /// Whether the list has names from this module's library.
  static func knows(library module: String) -> Bool {
    let top = module.prefix { $0 != "." }
    return !PythonModules.isStandard(module) && libraries.contains(top)
  }

  private static let libraries = Set(PickleNames.all.keys.map { $0.prefix { $0 != "." } })
}
