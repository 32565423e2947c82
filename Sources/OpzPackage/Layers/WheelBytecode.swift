import OpzArchive
import OpzIO
public import OpzPython
public import SystemPackage

/// The compiled modules of wheels, each wheel compiled once on a machine.
public struct WheelBytecode: Sendable {
  private let compiler: BytecodeCompiler
  /// Holds a zip file for each compiled wheel.
  private let cache: FilePath

  /// - Parameter cache: a directory, which is made when it is needed.
  public init(_ compiler: BytecodeCompiler, cache: FilePath) {
    self.compiler = compiler
    self.cache = cache
  }

  /// What the compiled modules depend on besides the wheel and its layout.
  var identity: String { "\(BytecodeCompiler.format) cpython \(compiler.version)" }

  /// Compiles the modules of a wheel, or finds them compiled.
  /// - Throws: `PythonError`, `ArchiveError`, `IOFailure`.
  func modules(of wheel: Wheel, digest: Digest, in layout: InstallLayout) throws -> ZipArchive {
    let library = wheel.library(in: layout)
    let path = cache.appending("\(Digest.of(Array("\(identity)\n\(library)\n\(digest)".utf8)).hex).zip")
    // What cannot be read, for example after a power failure, is made again.
    if let status = try FileStatus.find(path), status.kind == .file,
      let archive = try? ZipArchive(FileBlob(path, size: status.size), name: "compiled \(wheel.name)")
    {
      RecentUse.mark(path)
      return archive
    }
    try Durable.makeDirectory(cache)
    let temporary = Durable.temporaryName(beside: path)
    do {
      try compiler.compile(wheel, library: library, to: temporary)
      try Durable.publish(temporary, at: path)
    } catch {
      try? Durable.remove(temporary)
      throw error
    }
    return try ZipArchive(FileBlob(path), name: "compiled \(wheel.name)")
  }
}
