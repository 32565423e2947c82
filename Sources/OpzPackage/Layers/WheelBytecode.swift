import OpzArchive
import OpzIO
public import OpzPython
public import SystemPackage

/// The compiled modules of wheels, each wheel compiled once on a machine.
///
/// They depend on the version of CPython, the wheel and its layout alone, whichever interpreter of the version compiled
/// them.
public struct WheelBytecode: Sendable {
  /// `3.11.7`
  private let version: String
  /// Holds a zip file for each compiled wheel.
  private let cache: FilePath

  /// - Parameters:
  ///   - version: of CPython, such as `3.11.7`.
  ///   - cache: a directory, which is made when it is needed.
  public init(version: String, cache: FilePath) {
    self.version = version
    self.cache = cache
  }

  /// What the compiled modules depend on besides the wheel and its layout.
  var identity: String { "\(BytecodeCompiler.format) cpython \(version)" }

  /// The wheels that are yet to be compiled. Compiled modules of the others count as used. It blocks.
  /// - Throws: `PythonError`, `ArchiveError`, `IOFailure`.
  public func missing(_ wheels: [LocalWheel], in layout: InstallLayout) throws -> [LocalWheel] {
    try wheels.filter { wheel in
      let path = file(of: try wheel.open(), wheel.digest, layout)
      // What cannot be read, for example after a power failure, is made again.
      guard let status = try FileStatus.find(path), status.kind == .file,
        (try? ZipArchive(FileBlob(path, size: status.size), name: "compiled \(wheel.name)")) != nil
      else { return true }
      RecentUse.mark(path)
      return false
    }
  }

  /// Compiles the modules of a wheel. It blocks.
  /// - Throws: `PythonError`, `ArchiveError`, `IOFailure`.
  public func compile(_ wheel: LocalWheel, in layout: InstallLayout, by compiler: BytecodeCompiler) throws {
    let opened = try wheel.open()
    let bytes = try compiler.compile(opened, library: opened.library(in: layout))
    _ = try ZipArchive(BytesBlob(bytes), name: "compiled \(wheel.name)")
    try Durable.makeDirectory(cache)
    try Durable.replace(file(of: opened, wheel.digest, layout), with: bytes)
  }

  /// The compiled modules of a wheel, which was compiled before.
  /// - Throws: `ArchiveError`, `IOFailure`.
  func modules(of wheel: Wheel, digest: Digest, in layout: InstallLayout) throws -> ZipArchive {
    try ZipArchive(FileBlob(file(of: wheel, digest, layout)), name: "compiled \(wheel.name)")
  }

  private func file(of wheel: Wheel, _ digest: Digest, _ layout: InstallLayout) -> FilePath {
    let key = "\(identity)\n\(wheel.library(in: layout))\n\(digest)"
    return cache.appending("\(Digest.of(Array(key.utf8)).hex).zip")
  }
}
