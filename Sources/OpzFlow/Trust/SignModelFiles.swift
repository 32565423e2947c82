import OpzIO
import OpzStore
public import OpzTrust
public import SystemPackage

/// `opz sign PATH`: writes a signature file over a model's files (OpenSSF model signing v1.0), without using the
/// registry.
public struct SignModelFiles: Sendable {
  /// The signed manifest, and where its signature was written.
  public struct Result: Sendable {
    public let manifest: ModelManifest
    /// The path of the signature file.
    public let signature: FilePath
    /// Bytes of the signed files.
    public let size: UInt64
  }

  /// Git's files are not part of the model, as in the model-signing reference implementation.
  private static let gitPaths = [".git", ".gitattributes", ".github", ".gitignore"]

  private let path: FilePath
  private let session: Session
  /// Files and directories in the model to leave out.
  public var ignored: [FilePath] = []
  /// Whether to sign links to files in the model as the files that they point to.
  public var allowsLinks = false

  /// - Parameter path: a directory, or a model that is a single file.
  public init(_ path: FilePath, in session: Session) {
    self.path = path
    self.session = session
  }

  /// - Parameters:
  ///   - output: the path of the signature. In the model's directory, it is excluded from signing.
  ///   - isNamed: whether the user chose that path; then an existing signature is replaced. Other files are never
  ///     replaced.
  /// - Throws: `TrustError`, `FlowError`, `IOFailure`.
  public func run(with key: PrivateKey, to output: FilePath, isNamed: Bool) async throws -> Result {
    try ModelFiles.requireModel(path)
    try checkOutput(output, isNamed: isNamed)
    let (path, session, allowsLinks) = (path, session, allowsLinks)
    let left = try ignored.map { try requireInside($0) }
    return try await blocking {
      let own = ModelFiles.path(of: output, in: path).map { [$0] } ?? []
      let ignored = SignModelFiles.gitPaths.map { Array($0.utf8) } + own + left
      let tree = try ModelTree(path, ignoring: ignored, allowsLinks: allowsLinks)
      guard !tree.files.isEmpty else { throw FlowError(.failed, path.string, reason: "it contains no files to sign") }
      let digests = try tree.digests(of: tree.files, progress: session.progress)
      let resources = zip(tree.files, digests).map { ModelManifest.Resource($0.name, $1) }
      let manifest = ModelManifest(name: tree.name, resources, ignoring: ignored, allowsLinks: allowsLinks)
      let bytes = try ModelSignature(signing: manifest, with: key).encode()
      // Check again, since the file may have appeared while the model was read.
      try checkOutput(output, isNamed: isNamed)
      let file = try OutputFile(output)
      try bytes.withUnsafeBytes { try file.write($0) }
      try file.finish()
      return Result(manifest: manifest, signature: output, size: tree.size)
    }
  }

  private func checkOutput(_ output: FilePath, isNamed: Bool) throws {
    let directory = output.removingLastComponent()
    guard try directory.isEmpty || FileStatus.find(directory) != nil else {
      throw FlowError(
        .notFound, output.string, reason: "the directory \(directory) does not exist", hint: "mkdir -p \(directory)")
    }
    guard let status = try FileStatus.find(output), status.kind == .file else { return }
    guard isNamed else {
      throw FlowError(
        .conflict, output.string, reason: "the file exists",
        hint: "--output \(output.lastComponent?.string ?? "FILE") replaces a signature; or name another file")
    }
    let bytes =
      status.size <= UInt64(ModelSignature.limit) ? try SmallFile.read(output, limit: ModelSignature.limit) : []
    if status.size > 0, (try? ModelSignature(bytes, subject: output.string).manifest(subject: output.string)) == nil {
      throw FlowError(
        .conflict, output.string, reason: "the file exists and is not a model signature",
        hint: "name another file: opz sign replaces only signatures")
    }
  }

  private func requireInside(_ ignored: FilePath) throws -> [UInt8] {
    guard let name = ModelFiles.path(of: ignored, in: path) else {
      throw FlowError(
        .usage, ignored.string, reason: "it is not in the model \(path), so there is nothing to ignore",
        hint: "--ignore takes paths relative to the current directory, such as \(path)/README.md")
    }
    return name
  }
}

/// Paths in a model's directory.
enum ModelFiles {
  /// - Throws: `FlowError` of category `notFound` if the model does not exist.
  static func requireModel(_ path: FilePath) throws {
    guard try FileStatus.find(path, followLinks: false) != nil else {
      throw FlowError(.notFound, path.string, reason: "the model does not exist", hint: "name a directory or a file")
    }
  }

  /// The path of a file relative to a model's directory, after resolving links in both.
  /// - Returns: nil for a file that is not in the directory.
  static func path(of file: FilePath, in model: FilePath) -> [UInt8]? {
    let file = file.lexicallyNormalized()
    guard let name = file.lastComponent, name.string != "..", let root = RealPath.of(model),
      let directory = RealPath.of(file.removingLastComponent().isEmpty ? "." : file.removingLastComponent())
    else { return nil }
    let place = directory.appending(name)
    guard place.starts(with: root), place != root else { return nil }
    return Array(place.bytes.dropFirst(root.bytes.count).drop { $0 == UInt8(ascii: "/") })
  }
}
