public import SystemPackage

/// The directories into which a wheel is installed (PyPA, binary distribution format: spread; Python, sysconfig:
/// installation paths). Paths are relative to the root of the layer.
public struct InstallLayout: Hashable, Sendable {
  /// Pure Python modules: `opt/python/lib/python3.12/site-packages`.
  public let purelib: FilePath
  /// Modules with platform-specific code; usually the same directory.
  public let platlib: FilePath
  /// Commands: `opt/python/bin`.
  public let scripts: FilePath
  /// Other files: `opt/python`.
  public let data: FilePath
  /// C headers, in one directory per distribution: `opt/python/include/python3.12`.
  public let headers: FilePath
  /// The first line of scripts, after `#!`: `/usr/bin/env python3.12`.
  public let interpreter: String

  /// Maximum bytes of a script's first line (BINPRM_BUF_SIZE before Linux 5.1, with `#!` and the newline).
  private static let lineLimit = 127

  /// - Throws: `PythonError` for a path that is absolute, empty or contains `..`, and for an interpreter that does
  ///   not fit in a first line.
  public init(
    purelib: FilePath, platlib: FilePath, scripts: FilePath, data: FilePath, headers: FilePath, interpreter: String
  ) throws {
    for path in [purelib, platlib, scripts, data, headers] {
      guard path.isRelative, !path.isEmpty,
        path.components.allSatisfy({ $0.kind == .regular }),
        !path.string.unicodeScalars.contains(where: { $0.value < 0x20 })
      else {
        throw PythonError(.malformed, "directory \"\(path)\"", reason: "it is not a plain path below the layer's root")
      }
    }
    guard interpreter.hasPrefix("/"), interpreter.utf8.count <= InstallLayout.lineLimit - 3,
      interpreter.utf8.allSatisfy({ (0x20..<0x7f).contains($0) })
    else {
      throw PythonError(
        .malformed, "interpreter \"\(interpreter.prefix(200))\"", reason: "it cannot be in the first line of a script",
        hint: "give an absolute path, or /usr/bin/env and a name")
    }
    self.purelib = purelib
    self.platlib = platlib
    self.scripts = scripts
    self.data = data
    self.headers = headers
    self.interpreter = interpreter
  }

  /// The directories below a prefix, as in Python's `posix_prefix` scheme.
  /// - Parameter python: `3.12`.
  public init(prefix: FilePath, python: String, interpreter: String) throws {
    let library = prefix.appending("lib/python\(python)/site-packages")
    try self.init(
      purelib: library, platlib: library, scripts: prefix.appending("bin"), data: prefix,
      headers: prefix.appending("include/python\(python)"), interpreter: interpreter)
  }
}
