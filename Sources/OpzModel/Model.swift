import OpzIO
public import SystemPackage

/// A model that was read and validated, in one representation for all formats.
public struct Model: Sendable {
  public let format: ModelFormat
  public let signature: Signature
  public let objective: Objective
  /// Outputs per row: 1, or the number of classes.
  public let groups: Int
  /// One per group.
  let baseMargins: [Float]
  let ensemble: TreeEnsemble

  /// How many trees there are.
  public var treeCount: Int { ensemble.trees.count }

  /// The maximum size of a model file in bytes.
  public static let limit: UInt64 = 1 << 30

  /// Reads a model file, or the only model in a directory.
  /// - Throws: `ModelError` for a file that is damaged or not a model; `IOFailure` if it cannot be read.
  public static func load(_ path: FilePath) throws -> Model {
    let file = try ModelFile.find(path)
    return try read(try ModelFile.bytes(file), name: file.lastComponent?.string ?? file.string)
  }

  /// The model in a file or directory; nil if there is none that opz reads. A large file of another format is not
  /// read.
  public static func find(_ path: FilePath) -> Model? {
    guard let file = try? ModelFile.find(path), ModelFile.looksLikeModel(file) else { return nil }
    return try? load(file)
  }

  /// Reads a model from memory.
  /// - Parameter name: the name used in errors.
  public static func read(_ bytes: [UInt8], name: String) throws -> Model {
    try ModelFile.check(bytes, name)
    return try XGBoostReader.read(bytes, name: name)
  }
}
