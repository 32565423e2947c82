public import OpzIO
public import OpzModel
public import SystemPackage

/// The formats that a program knows, and the way from a file to a model.
///
/// A list is a value: programs use `standard`, and what needs formats takes a list.
public struct ModelFormats: Sendable {
  /// In the order in which they are asked.
  public let all: [ModelFormat]

  /// Creates a list.
  public init(_ formats: [ModelFormat]) { all = formats }

  /// The formats of opz. A reader is a folder and a line here.
  public static let standard = ModelFormats([.xgboostJSON, .xgboostUBJSON, .lightGBM, .onnx, .skops, .pickleOrZip])

  /// The maximum size of a model file in bytes.
  public static let sizeLimit: UInt64 = 1 << 30

  /// The formats that opz reads.
  public var readable: [ModelFormat] { all.filter(\.isReadable) }

  /// The format with this name, as in opz.yaml and in records; nil if the list has none.
  public func named(_ name: String) -> ModelFormat? { all.first { $0.name == name } }

  /// How models are saved that opz reads, for hints; nil if it reads none.
  public var advice: String? {
    // Formats of one library may share it.
    let advice = readable.compactMap(\.advice).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return advice.isEmpty ? nil : advice.joined(separator: ", or ")
  }

  // MARK: Reading

  /// Reads a model file, or the only model in a directory.
  /// - Throws: `ModelError` for a file that is damaged or not a model; `IOFailure` if it cannot be read.
  public func load(_ path: FilePath, options: ReadingOptions = ReadingOptions()) throws -> LoadedModel {
    let file = try self.file(path)
    return try read(
      try ModelFormats.bytes(file), name: file.lastComponent?.string ?? file.string, options: options)
  }

  /// The model in a file or directory; nil if there is none that opz reads. A large file of another format is not
  /// read.
  public func find(_ path: FilePath, options: ReadingOptions = ReadingOptions()) -> LoadedModel? {
    guard let file = try? file(path), looksReadable(file) else { return nil }
    return try? load(file, options: options)
  }

  /// Reads a model from memory.
  /// - Parameter name: the name used in errors.
  /// - Throws: `ModelError` for bytes that are damaged or not a model that opz reads.
  public func read(
    _ bytes: [UInt8], name: String, options: ReadingOptions = ReadingOptions()
  ) throws -> LoadedModel {
    guard let format = format(of: ModelHeader(bytes)) else {
      if bytes.isEmpty { throw ModelError(.damaged, name, "the file is empty", hint: advice) }
      throw ModelError(.unknownFormat, name, "not a model that opz knows", hint: advice)
    }
    switch format.reading {
    case .read(_, let reader):
      return LoadedModel(format: format, model: try reader(ModelFile(bytes, name: name, options: options)))
    case .refuse(let reason, let hint):
      let hints = [advice, hint].compactMap { $0 }
      throw ModelError(
        .unsupported, name, reason, hint: hints.isEmpty ? nil : hints.joined(separator: ", or "))
    }
  }

  /// The format of a file that begins like this; nil if no format matches.
  public func format(of header: ModelHeader) -> ModelFormat? {
    let matches = all.map { (format: $0, match: $0.match(header)) }
    return (matches.first { $0.match == .certain } ?? matches.first { $0.match == .possible })?.format
  }

  // MARK: Finding

  /// Of several paths of files, the one that is the model: `model` with a readable format's suffix, else the only one
  /// with such a suffix.
  /// - Throws: `ModelError.unknownFormat` if no file or more than one could be the model.
  /// - Parameter place: where the files are, for the error.
  public func choose(among paths: [FilePath], in place: String) throws -> FilePath {
    let suffixes = readable.flatMap(\.suffixes)
    let named = paths.filter { path in
      guard let name = path.lastComponent?.string, !name.hasPrefix(".") else { return false }
      return suffixes.contains(where: name.hasSuffix)
    }
    let usual = suffixes.map { "model\($0)" }
    for name in usual {
      if let path = named.first(where: { $0.lastComponent?.string == name }) { return path }
    }
    // Requirements and notes are texts too: they do not make another model ambiguous.
    let distinct = named.filter { !$0.string.hasSuffix(".txt") }
    let candidates = distinct.isEmpty ? named : distinct
    guard candidates.count <= 1 else {
      throw ModelError(
        .unknownFormat, place, "\(candidates.count) files could be the model",
        hint: "name one of them, or call it \(usual.joined(separator: " or "))")
    }
    guard let only = candidates.first else {
      throw ModelError(.unknownFormat, place, "the directory has no model file", hint: advice)
    }
    return only
  }

  private func file(_ path: FilePath) throws -> FilePath {
    guard try FileStatus.of(path).kind == .directory else { return path }
    let files = try Directory.entries(path).map { path.appending($0) }.filter { try FileStatus.of($0).kind == .file }
    let models = files.filter { header(of: $0).map(format)??.isReadable ?? false }
    return try choose(among: models.count == 1 ? models : files, in: path.string)
  }

  /// Whether a file begins like a readable model and is small enough for a quick look. Only its header is read.
  private func looksReadable(_ path: FilePath) -> Bool {
    guard let file = try? OpenFile.reading(path), let status = try? file.status(), status.kind == .file,
      status.size <= 64 << 20
    else { return false }
    return header(of: path).map(format)??.isReadable ?? false
  }

  /// The beginning of a file; nil if it cannot be read.
  private func header(of path: FilePath) -> ModelHeader? {
    guard let file = try? OpenFile.reading(path) else { return nil }
    var header = [UInt8](repeating: 0, count: ModelHeader.limit)
    guard let count = try? header.withUnsafeMutableBytes({ try file.read(at: 0, into: $0) }) else { return nil }
    return ModelHeader(header[..<count])
  }

  /// The whole file; fails if it was changed while it was read.
  private static func bytes(_ path: FilePath) throws -> [UInt8] {
    let file = try OpenFile.reading(path)
    let status = try file.status()
    guard status.kind == .file else { throw IOFailure("not a regular file", path: path) }
    guard status.size <= sizeLimit else {
      throw ModelError(
        .tooLarge, path.string, "it has \(status.size) bytes; the limit for a model is \(sizeLimit)")
    }
    let count = Int(status.size)
    let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<count])
        let read = try file.read(at: UInt64(filled), into: rest)
        if read == 0 { break }
        filled += read
      }
    }
    guard bytes.count == count, try file.status() == status else {
      throw ModelError(
        .damaged, path.string, "the file changed while it was read",
        hint: "let the program that writes it finish, then try again")
    }
    return bytes
  }
}
