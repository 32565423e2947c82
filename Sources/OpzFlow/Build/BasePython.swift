import OpzArchive
import OpzIO
import OpzOCI
import OpzPython
import OpzStore
import SystemPackage

/// The Python of a base, run with the base's own files as its root (`ImageRoot`): of them only those that a Python needs
/// to start are unpacked, and removed with the last copy of this.
struct BasePython: RunnablePython {
  private let files: Files
  private let root: ImageRoot
  private let program: String
  /// `/usr/bin/python3.11 of oci:../base`
  let place: String

  /// A directory that is removed when nobody needs it any more.
  private final class Files: Sendable {
    let directory: FilePath

    init(_ directory: FilePath) { self.directory = directory }

    deinit { try? Durable.removeTree(directory) }
  }

  func run(
    _ arguments: [String], input: [UInt8], variables: [String], limit: Int
  ) throws -> ChildProcess.Output {
    try root.run([program] + arguments, input: input, variables: variables, limit: limit)
  }

  /// Unpacks a base's Python and verifies it by running it.
  /// - Parameters:
  ///   - survey: finds the base's layers.
  ///   - version: the whole version that it has to have, `3.11.7`.
  /// - Throws: `PythonError` if none of the base's programs starts as this version; `FlowError` where the machine does
  ///   not allow such a root; `ArchiveError` and the errors of the base's registry.
  static func unpack(_ survey: BaseSurvey, version: String) async throws -> BasePython {
    let files = Files(
      survey.registry.cacheDirectory.appending(
        "\(Durable.temporaryPrefix)python-\(UInt64.random(in: 0...UInt64.max))"))
    var layers: [StoredLayer] = []
    for layer in survey.image.layers {
      let (blob, _) = try await survey.blob(layer.descriptor, files.directory.appending("layers"))
      layers.append(try StoredLayer(layer.descriptor, blob, diffID: layer.diffID))
    }
    let stack = LayerStack(layers)
    return try await blocking { try unpack(stack, survey, version: version, into: files) }
  }

  private static func unpack(
    _ stack: LayerStack, _ survey: BaseSurvey, version: String, into files: Files
  ) throws -> BasePython {
    let root = files.directory.appending("root")
    var unpacker = LayerUnpacker()
    unpacker.leavingLinks = .keep
    unpacker.specialFiles = .skip
    unpacker.keeps = { isNeeded($0, size: $1.size) }
    let tree = try unpacker.unpack(stack, into: root)
    try Durable.removeTree(files.directory.appending("layers"))
    let image = try ImageRoot(root, of: survey.image, sharing: .nothing, survey.session)
    var reasons: [String] = []
    for program in programs(of: version, in: tree, survey.image) {
      let python = BasePython(files: files, root: image, program: program, place: "\(program) of \(survey.base)")
      do {
        _ = try BytecodeCompiler.check(python, version: version)
        return python
      } catch let error as PythonError {
        reasons.append("\(program): \(error.reason)")
      }
    }
    throw PythonError(
      .tool, survey.base, reason: reasons.isEmpty ? "no program of it is Python \(version)" : reasons[0])
  }

  /// The programs that may be the Python, those in the image's PATH first.
  private static func programs(of version: String, in tree: FileTree, _ image: Image) -> [String] {
    let name = "python" + version.split(separator: ".").prefix(2).joined(separator: ".")
    let path = ImageFiles.environment(of: image)["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    let directories = path.split(separator: ":").map(String.init)
    func rank(_ program: String) -> Int {
      directories.firstIndex { program == "\($0)/\(name)" } ?? directories.count
    }
    let found = tree.paths.filter {
      $0.lastComponent?.string == name && $0.removingLastComponent().string.hasSuffix("bin")
    }
    return found.map { "/\($0)" }.sorted { (rank($0), $0) < (rank($1), $1) }
  }

  /// Bytes of the largest library that a Python's own modules may need: those of CUDA and the like are larger.
  private static let largestLibrary: UInt64 = 32 << 20

  /// Whether a Python without packages may open a file when it starts and compiles: its program, its own modules, shared
  /// libraries and what the loader reads.
  static func isNeeded(_ path: FilePath, size: UInt64) -> Bool {
    let parts = path.components.map(\.string)
    let isPackage = parts.contains { ["site-packages", "dist-packages", "test"].contains($0) }
    guard let name = parts.last, !isPackage else { return false }
    if parts.contains(where: { $0.hasPrefix("python3") }) { return true }
    if parts.dropLast().last?.hasSuffix("bin") == true, name.hasPrefix("python") { return true }
    if parts.first == "etc", name.hasPrefix("ld") { return true }
    return size <= largestLibrary && (name.hasSuffix(".so") || name.contains(".so."))
  }
}
