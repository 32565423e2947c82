public import OpzModel

/// A file format of models: how it is recognized, what others call it, and how it is read.
///
/// A format is a value in a list (`ModelFormats`). Nothing outside its own folder and that list names it.
public struct ModelFormat: Sendable {
  /// The name in opz.yaml, in version records and, with `_` for `-`, in the protocol's `platform`: `xgboost-json`.
  public let name: String
  /// What people call it: `XGBoost JSON`.
  public let displayName: String
  /// The kind of model, as in a model card: `gradient-boosted trees`. Nil where the format holds several kinds.
  public let family: String?
  /// How names of its files end: `.json`. The first is the usual one.
  public let suffixes: [String]
  /// The format by which KServe selects a serving runtime: `xgboost`. Nil where KServe has none for it.
  public let kserve: String?
  /// How names of files have to end for KServe's own server of the format to load them; empty where it does not matter.
  public let kserveSuffixes: [String]
  /// The flavors of an MLmodel file whose models are of this format: `xgboost`.
  public let mlflowFlavors: [String]
  /// Whether its readers obey `ReadingOptions.iterations`: false where files do not say which trees an iteration has.
  public let hasIterations: Bool
  /// How well the beginning of a file matches the format.
  public let match: @Sendable (ModelHeader) -> Match
  /// What is done with a file of the format.
  public let reading: Reading

  /// How well a file matches a format. The first format with the best match takes the file.
  public enum Match: Int, Sendable {
    case none
    /// The syntax is right, and what would decide is not in the header.
    case possible
    case certain
  }

  /// What is done with a file of a format.
  public enum Reading: Sendable {
    /// Makes a model of a file. It throws `ModelError`.
    /// `advice` says how a library saves such a file: `save an XGBoost model with ..`.
    case read(advice: String, @Sendable (ModelFile) throws -> Model)
    /// The file is recognized and refused, for this reason.
    case refuse(reason: String, hint: String? = nil)
  }

  /// Creates a format. The parameters are described at the properties.
  public init(
    name: String, displayName: String, family: String? = nil, suffixes: [String], kserve: String? = nil,
    kserveSuffixes: [String] = [], mlflowFlavors: [String] = [], hasIterations: Bool,
    match: @escaping @Sendable (ModelHeader) -> Match, reading: Reading
  ) {
    self.name = name
    self.displayName = displayName
    self.family = family
    self.suffixes = suffixes
    self.kserve = kserve
    self.kserveSuffixes = kserveSuffixes
    self.mlflowFlavors = mlflowFlavors
    self.hasIterations = hasIterations
    self.match = match
    self.reading = reading
  }

  /// Whether opz reads files of the format.
  public var isReadable: Bool { advice != nil }

  var advice: String? {
    if case .read(let advice, _) = reading { advice } else { nil }
  }
}

/// A model file in memory, and how it is to be read.
public struct ModelFile: Sendable {
  public let bytes: [UInt8]
  /// The file's name, for errors.
  public let name: String
  public let options: ReadingOptions

  /// Joins a file's bytes with its name.
  public init(_ bytes: [UInt8], name: String, options: ReadingOptions = ReadingOptions()) {
    self.bytes = bytes
    self.name = name
    self.options = options
  }
}

/// The beginning of a file: all that recognizing a format may look at.
public struct ModelHeader: Sendable {
  /// The maximum length in bytes.
  public static let limit = 4096

  /// The file's first bytes, at most `limit`.
  public let bytes: [UInt8]

  /// Takes the first bytes of a file.
  public init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes.prefix(ModelHeader.limit)) }

  /// Whether the file begins with these bytes.
  public func starts(with mark: some Sequence<UInt8>) -> Bool { bytes.starts(with: mark) }

  /// Whether a text is somewhere in the header.
  public func contains(_ text: String) -> Bool { bytes.firstRange(of: Array(text.utf8)) != nil }

  /// The first byte that is not JSON's white space; nil if there is none.
  public var firstVisible: UInt8? { bytes.first { $0 != 32 && $0 != 9 && $0 != 10 && $0 != 13 } }
}

/// A model that was read, with the format of its file.
public struct LoadedModel: Sendable {
  public let format: ModelFormat
  public let model: Model

  /// Joins a model with the format of its file.
  public init(format: ModelFormat, model: Model) {
    self.format = format
    self.model = model
  }
}
