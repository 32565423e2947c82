import OpzArchive
public import OpzIO

/// What a pickle says of itself without being loaded: the names that it imports, and scikit-learn's version.
///
/// It is followed as a scan follows it, so nothing of it runs.
public struct PickleSurvey: Sendable, Hashable {
  /// A name that loading imports: `sklearn.pipeline`, `Pipeline`.
  public struct Name: Sendable, Hashable {
    public let module: String
    public let name: String

    /// `sklearn.pipeline.Pipeline`.
    public var description: String { "\(module).\(name)" }
  }

  /// In the order of the file; each once, at most 4,096.
  public let names: [Name]
  /// What scikit-learn wrote as its version (`_sklearn_version`); nil if it wrote none.
  public let scikitLearn: String?
  /// Whether an estimator knows the names of its columns (`feature_names_in_`): it was fitted on a table of pandas.
  public let hasFeatureNames: Bool
  /// Whether joblib's arrays are in it, which only joblib reads.
  public let hasJoblibArrays: Bool
  /// How the whole file is compressed: `zlib`; nil if it is not.
  public let compression: String?
  /// Why it could not be followed to its end; nil if it was.
  public let problem: String?

  static let scikitLearnKey = "_sklearn_version"
  static let featureNamesKey = "feature_names_in_"
  /// The most bytes that a compressed pickle may unpack to.
  private static let unpackedLimit: UInt64 = 4 << 30
  private static let nameLimit = 4096

  /// The top-level packages that loading needs, Python's own left out, in the order of the file.
  public var packages: [String] {
    var seen: Set<String> = []
    return names.compactMap { name in
      let top = String(name.module.prefix { $0 != "." })
      return PythonModules.isStandard(top) || !seen.insert(top).inserted ? nil : top
    }
  }

  /// Names of the program that wrote the pickle itself (`__main__`), which no other program can import.
  public var ofMain: [String] { names.filter { $0.module == "__main__" }.map(\.name) }

  /// Whether a name of this module, or of one below it, is imported.
  public func uses(_ module: String) -> Bool {
    names.contains { $0.module == module || $0.module.hasPrefix(module + ".") }
  }

  /// Follows a pickle, or one that is compressed as a whole as joblib does it.
  /// - Parameter name: the file's name, for errors.
  /// - Returns: nil for a file that is no pickle of protocol 2 or later.
  /// - Throws: what reading the file throws.
  public static func read(_ blob: any Blob, name: String) throws -> PickleSurvey? {
    let head = try PickleSurvey.head(blob)
    if isPickle(head) { return try follow(blob, compression: nil) }
    for candidate in StreamFormat.candidates(head) where candidate.isCertain || candidate.format == .zlib {
      guard let source = try? UnpackingSource(blob, candidate, name: name),
        let unpacked = try? SpooledBlob.spool(source, limit: unpackedLimit),
        isPickle(try PickleSurvey.head(unpacked.blob))
      else { continue }
      return try follow(unpacked.blob, compression: candidate.format.rawValue)
    }
    return nil
  }

  private static func isPickle(_ head: [UInt8]) -> Bool {
    head.count > 1 && head[0] == 0x80 && (2...5).contains(head[1])
  }

  private static func head(_ blob: any Blob) throws -> [UInt8] {
    var bytes = try PickleBytes(blob, at: 0)
    return try bytes.bytes(Int(min(64, blob.size))) ?? []
  }

  private static func follow(_ blob: any Blob, compression: String?) throws -> PickleSurvey {
    let found = Imports()
    var machine = PickleMachine(try PickleBytes(blob, at: 0), .pickle) { global in
      found.add(global)
      return true
    }
    var problem: String?
    do { try machine.run() } catch let broken as PickleMachine.Broken { problem = broken.reason }
    let joblib = PickleGlobal.arrayWrapper
    return PickleSurvey(
      names: found.names, scikitLearn: machine.notes[scikitLearnKey],
      hasFeatureNames: machine.hasFeatureNames,
      hasJoblibArrays: found.names.contains { $0.module == joblib.module && $0.name == joblib.name },
      compression: compression, problem: problem)
  }

  /// Collects names while the machine asks whether they are allowed. A class, because the machine copies what it asks.
  private final class Imports {
    private(set) var names: [Name] = []
    private var seen: Set<PickleGlobal> = []

    func add(_ global: PickleGlobal) {
      // The bytes of arrays, followed as opcodes, may give names that no module has.
      guard global.isPlain, names.count < PickleSurvey.nameLimit, seen.insert(global).inserted else { return }
      names.append(Name(module: global.module, name: global.name))
    }
  }
}

/// The modules of Python's own library.
public enum PythonStandardLibrary {
  /// Whether a module belongs to any Python since 2.7, by its top-level name.
  public static func contains(_ module: String) -> Bool { PythonModules.isStandard(module) }
}
