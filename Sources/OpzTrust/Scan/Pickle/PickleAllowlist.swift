/// What a pickle of a model may import without anybody having to look: constructors that keep data and run nothing else.
///
/// It is a list of what is allowed and not of what is forbidden: Python has too many ways to run code for the other kind.
public struct PickleAllowlist: Sendable {
  private let extra: [String]

  /// - Parameter extra: what the user answers for: `package.module.Name`, or `package.*` for all below it.
  public init(_ extra: [String] = []) { self.extra = extra }

  /// - Throws: `TrustError.usage` for what is neither a name nor ends in `.*`, and for modules of the standard library.
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
      throw TrustError(.usage, pattern, "not a name in Python", hint: "write package.module.Name or package.*")
    }
    guard !PythonModules.isStandard(parts[0]), !installers.contains(parts[0]) else {
      throw TrustError(
        .usage, pattern, "what is in \(parts[0]) can run anything", hint: "name the class of your own that needs it")
    }
  }

  /// What runs whatever it is given, and is part of nearly every Python though not of its library.
  private static let installers: Set<Substring> = ["pip", "setuptools", "pkg_resources", "_distutils_hack", "wheel"]

  /// Whether the user answers for a name.
  func isAnsweredFor(_ module: String, _ name: String) -> Bool {
    // Who answered for a package did not answer for what Python itself has.
    guard !PythonModules.isStandard(module) else { return false }
    let text = "\(module).\(name)"
    return extra.contains { $0 == text || ($0.hasSuffix(".*") && text.hasPrefix($0.dropLast())) }
  }

  /// Whether who allows `pattern` allows all that `name` does: the same name, or one below `package.*`.
  public static func covers(_ pattern: String, _ name: String) -> Bool {
    pattern == name || (pattern.hasSuffix(".*") && name.hasPrefix(pattern.dropLast()))
  }

  func allows(_ global: PickleGlobal) -> Bool {
    // A dotted name goes through attributes of attributes.
    guard !global.name.contains("."), !global.name.isEmpty else { return false }
    return PickleAllowlist.isOwn(global) || isAnsweredFor(global.module, global.name)
  }

  private static func isOwn(_ global: PickleGlobal) -> Bool {
    if isTorchScript(global) { return true }
    guard let names = PickleNames.all[Substring(global.module)] else { return false }
    if names.contains(Substring(global.name)) { return true }
    // How Cython makes an instance of X.
    let maker = "__pyx_unpickle_"
    return global.name.hasPrefix(maker) && global.module.hasPrefix("sklearn.")
      && names.contains(global.name.dropFirst(maker.count))
  }

  /// TorchScript's own reader finds classes below `__torch__` in the archive's code, which `TorchScriptLook` looks into; what `torch.jit._pickle` has
  /// makes lists and tensors.
  private static func isTorchScript(_ global: PickleGlobal) -> Bool {
    guard global.isPlain else { return false }
    if global.module == "__torch__" || global.module.hasPrefix("__torch__.") { return true }
    return global.module == "torch.jit._pickle"
      && (global.name.hasPrefix("build_") || global.name == "restore_type_tag")
  }

  /// The list has names of this module's library.
  static func knows(library module: String) -> Bool {
    let top = module.prefix { $0 != "." }
    return !PythonModules.isStandard(module) && libraries.contains(top)
  }

  private static let libraries = Set(PickleNames.all.keys.map { $0.prefix { $0 != "." } })
}
