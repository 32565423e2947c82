import OpzIO
import OpzModel
public import SystemPackage

/// Says what model files and directories are that opz does not score, from headers of at most 64 MiB together.
///
/// Nothing is executed or unpickled, and weights are not read: a file of 50 GB takes as long as a small one.
public struct ModelDescriber: Sendable {
  /// The first bytes of a compressed file, decompressed: `(path, count)`; nil where that is impossible.
  public typealias Decompress = @Sendable (_ path: FilePath, _ count: Int) -> [UInt8]?

  let decompress: Decompress

  /// Creates a describer.
  /// - Parameter decompress: for R's files, which are recognized by name without it, and for compressed pickles.
  public init(decompress: @escaping Decompress = { _, _ in nil }) { self.decompress = decompress }

  /// A way to recognize and describe a kind of file.
  struct Recognizer: Sendable {
    let matches: @Sendable (ModelHeader, HeaderFile) -> Bool
    let describe: @Sendable (HeaderFile, ModelDescriber) throws -> ModelDescription?
  }

  /// In the order in which they are asked.
  private static let recognizers: [Recognizer] = [
    GGUFHeader.recognizer, SafetensorsHeader.recognizer, ZipKinds.recognizer, HDF5Listing.recognizer,
    CatBoostHeader.binary, RObjectHeader.recognizer, CatBoostHeader.json, PMMLHeader.recognizer,
    TreeliteHeader.recognizer, PickleHeader.recognizer, PickleHeader.compressed,
  ]

  /// Describes a file or directory; nil if it is none that is known.
  /// - Throws: `ModelError` for headers that are damaged or too large; `IOFailure` if it cannot be read.
  public func describe(_ path: FilePath) throws -> ModelDescription? {
    let budget = HeaderBudget()
    guard try FileStatus.of(path).kind == .directory else { return try file(HeaderFile(path, budget)) }
    let names = try Directory.entries(path).map(\.string)
    return try SavedModelHeader.describe(path, names, budget: budget) ?? MLflowHeader.describe(
      path, names, budget: budget)
      ?? HuggingFaceHeader.describe(path, names, budget: budget)
  }

  private func file(_ file: HeaderFile) throws -> ModelDescription? {
    let header = ModelHeader(try file.upTo(ModelHeader.limit, at: 0))
    for recognizer in ModelDescriber.recognizers where recognizer.matches(header, file) {
      if let description = try recognizer.describe(file, self) { return description }
    }
    return nil
  }
}

/// What `opz inspect` finds at a path.
public enum Inspection: Sendable {
  /// A model that opz scores.
  case model(LoadedModel)
  /// Another one, from its headers.
  case description(ModelDescription)
}

extension ModelDescriber {
  /// The most files of a directory that are looked at.
  private static let fileLimit = 200

  /// The only model in a directory that no format reads, or the one called `model.*`; nil if there is none.
  /// - Throws: `ModelError` with code `unknownFormat` if several files could be it.
  func only(in directory: FilePath) throws -> ModelDescription? {
    var found: [(name: String, description: ModelDescription)] = []
    let entries = try Directory.entries(directory).filter { !$0.string.hasPrefix(".") }
    for entry in entries.prefix(ModelDescriber.fileLimit) {
      let path = directory.appending(entry)
      // Opening a pipe would wait for a writer.
      guard let kind = try FileStatus.find(path)?.kind, kind == .file || kind == .directory,
        let description = try? describe(path)
      else { continue }
      found.append((entry.string, description))
    }
    if let usual = found.first(where: { $0.name == "model" || $0.name.hasPrefix("model.") }) {
      return usual.description
    }
    guard found.count > 1 else { return found.first?.description }
    let names = found.map(\.name).sorted()
    throw ModelError(
      .unknownFormat, directory.string, reason: "\(found.count) files could be the model",
      hint: "name one of them: \(names.prefix(5).joined(separator: ", "))")
  }
}

extension ModelFormats {
  /// Reads a model that opz scores, or says what else is there. Files that are not readable models are not read whole.
  /// - Throws: as `load` and `ModelDescriber.describe`.
  public func inspect(
    _ path: FilePath, _ describer: ModelDescriber, options: ReadingOptions = ReadingOptions()
  ) throws -> Inspection {
    if try FileStatus.of(path).kind == .directory {
      if let loaded = find(path, options: options) { return .model(loaded) }
      if let description = try describer.describe(path) { return .description(description) }
      do { return .model(try load(path, options: options)) } catch let error as ModelError {
        // Why a model of a format that is read is not scored says more than a description.
        let isRefused = try error.code == .unsupported && readableFormat(of: file(path, options)) == nil
        guard error.code == .unknownFormat || isRefused, let only = try describer.only(in: path) else {
          throw error
        }
        return .description(only)
      }
    }
    let file = try HeaderFile(path, HeaderBudget())
    let header = ModelHeader(try file.upTo(ModelHeader.limit, at: 0))
    let format = format(of: header)
    let isReadable = format?.isReadable == true
    if isReadable, format?.match(header) == .certain { return .model(try load(path, options: options)) }
    if isReadable, file.size <= UInt64(HeaderBudget.limit) {
      // Only its reader can say whether a small JSON file or zip archive is a model.
      do { return .model(try load(path, options: options)) } catch let error as ModelError {
        guard let description = try? describer.describe(path) else { throw error }
        return .description(description)
      }
    }
    if let description = try describer.describe(path) { return .description(description) }
    return .model(try load(path, options: options))
  }
}
