import OpzIO
import OpzStore
public import OpzTrust
public import SystemPackage

/// `opz verify PATH`: verifies that a model's files are those that the keys signed (OpenSSF model signing v1.0), from
/// files and keys alone.
public struct VerifyModelFiles: Sendable {
  /// The manifest that all keys signed and that the files match.
  public struct Result: Sendable {
    public let manifest: ModelManifest
    /// Bytes of the files.
    public let size: UInt64
  }

  /// The most paths that an error lists.
  private static let shown = 10

  private let path: FilePath
  private let session: Session

  /// - Parameter path: a directory, or a model that is a single file.
  public init(_ path: FilePath, in session: Session) {
    self.path = path
    self.session = session
  }

  /// - Parameter keys: the keys with the names that the user gave them; each must have signed.
  /// - Throws: `FlowError` and `TrustError` of category `verification` if a signature is missing or invalid, or if
  ///   files were changed, removed, added or cannot be covered by a signature.
  public func run(_ keys: [(name: String, key: PublicKey)], signature file: FilePath) async throws -> Result {
    let (path, session) = (path, session)
    return try await blocking {
      try ModelFiles.requireModel(path)
      try VerifyModelFiles.requireSignature(file, path)
      let signature = try ModelSignature(SmallFile.read(file, limit: ModelSignature.limit), subject: file.string)
      for (name, key) in keys where !signature.isSigned(by: key) {
        throw FlowError(
          .verification, file.string,
          reason: "it is not signed by \(name)"
            + (signature.names(key) ? ", although it claims to be: it was changed, or the signature is corrupt" : ""),
          hint: signature.names(key) ? nil : "the signature names the key \(signature.hint.prefix(80))")
      }
      let manifest = try signature.manifest(subject: file.string)
      let tree = try VerifyModelFiles.tree(path, manifest, signature: file)
      try VerifyModelFiles.compare(tree, manifest, path: path, progress: session.progress)
      return Result(manifest: manifest, size: tree.size)
    }
  }

  private static func requireSignature(_ file: FilePath, _ path: FilePath) throws {
    guard try FileStatus.find(file) == nil else { return }
    let inside = path.appending(ModelSignature.fileName)
    let isInside = try FileStatus.find(inside) != nil
    throw FlowError(
      .notFound, file.string, reason: "the signature does not exist",
      hint: "--signature \(isInside ? inside.string : "FILE") names it")
  }

  private static func tree(_ path: FilePath, _ manifest: ModelManifest, signature: FilePath) throws -> ModelTree {
    // A signature file inside the model cannot cover itself.
    let own = ModelFiles.path(of: signature, in: path).flatMap { name in
      manifest.resources.contains { $0.name == name } ? nil : name
    }
    do {
      return try ModelTree(
        path, ignoring: manifest.ignored + (own.map { [$0] } ?? []), allowsLinks: manifest.allowsLinks)
    } catch let error as TrustError where error.code == .unsignable {
      throw TrustError(.notVerified, error.subject, reason: error.reason, hint: "the signed model did not contain this")
    }
  }

  private static func compare(
    _ tree: ModelTree, _ manifest: ModelManifest, path: FilePath, progress: any ProgressSink
  ) throws {
    let signed = Dictionary(uniqueKeysWithValues: manifest.resources.map { ($0.name, $0.digest) })
    let present = Set(tree.files.map(\.name))
    let common = tree.files.filter { signed[$0.name] != nil }
    let digests: [Digest]
    do {
      digests = try tree.digests(of: common, progress: progress)
    } catch let error as TrustError where error.code == .unsignable {
      throw TrustError(.notVerified, error.subject, reason: error.reason, hint: error.hint)
    }
    let changed = zip(common, digests).filter { signed[$0.name] != $1 }.map(\.0.name)
    let missing = manifest.resources.map(\.name).filter { !present.contains($0) }
    let added = tree.files.map(\.name).filter { signed[$0] == nil }
    let differences = [("changed", changed), ("missing", missing), ("not signed", added)].filter { !$0.1.isEmpty }
    guard !differences.isEmpty else { return }
    throw FlowError(
      .verification, path.string,
      reason: "it is not the model that was signed: "
        + differences.map { "\($0.0): \(list($0.1))" }.joined(separator: "; "),
      hint: "fetch the model again from where it was signed; opz sign signs it as it is now")
  }

  private static func list(_ names: [[UInt8]]) -> String {
    let shown = names.prefix(shown).map { PrintableText.line(bytes: $0, limit: 200) }.joined(separator: ", ")
    return names.count > VerifyModelFiles.shown ? shown + " and \(names.count - VerifyModelFiles.shown) more" : shown
  }
}
