public import OpzIO
import OpzModel
public import SystemPackage

/// Which file is the model, and whether it is of the format that a caller names.
extension ModelFormats {
  /// The model in a file or directory; nil if there is none that opz reads. A large file of another format is not
  /// read.
  public func find(_ path: FilePath, options: ReadingOptions = ReadingOptions()) -> LoadedModel? {
    guard let file = try? file(path, options), looksReadable(file) else { return nil }
    return try? load(file, options: options)
  }

  /// Why the only file of a directory that could be a model is not read; nil if it is, and if no file could be one.
  public func refusal(in directory: FilePath) -> (any ExplainedError)? {
    do {
      _ = try load(directory)
      return nil
    } catch {
      guard let error = error as? ModelError, error.code != .unknownFormat else { return nil }
      return error
    }
  }

  /// The format of a file by its beginning, if opz reads that format; nil for others. The file need not be a model that
  /// opz scores.
  /// - Throws: `IOFailure` if it cannot be read.
  public func readableFormat(of path: FilePath) throws -> ModelFormat? {
    guard let format = format(of: try ModelFormats.header(of: path)), format.isReadable else { return nil }
    return format
  }

  /// Checks by its beginning that a file, or a file of a directory, is of a format.
  /// - Parameter name: as in opz.yaml.
  /// - Returns: the format.
  /// - Throws: `ModelError.mismatch` for one that is not; `IOFailure` if it cannot be read.
  public func check(_ path: FilePath, isOf name: String) throws -> ModelFormat {
    let file = try file(path, ReadingOptions(format: name))
    return try named(name, matching: try ModelFormats.header(of: file), file.lastComponent?.string ?? file.string)
  }

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
    if let path = usual(among: named) { return path }
    // Requirements and notes are texts too: they do not make another model ambiguous.
    let distinct = named.filter { !$0.string.hasSuffix(".txt") }
    let candidates = distinct.isEmpty ? named : distinct
    guard candidates.count <= 1 else { throw ambiguous(candidates.count, in: place) }
    guard let only = candidates.first else {
      throw ModelError(.unknownFormat, place, reason: "the directory has no model file", hint: advice)
    }
    return only
  }

  /// The file whose name says that it is the model: `model.json`, `model.txt`.
  private func usual(among paths: [FilePath]) -> FilePath? {
    for name in usualNames {
      if let path = paths.first(where: { $0.lastComponent?.string == name }) { return path }
    }
    return nil
  }

  private var usualNames: [String] { readable.flatMap(\.suffixes).map { "model\($0)" } }

  private func ambiguous(_ count: Int, in place: String) -> ModelError {
    ModelError(
      .unknownFormat, place, reason: "\(count) files could be the model",
      hint: "name one of them, or call it \(usualNames.joined(separator: " or "))")
  }

  // MARK: Files

  /// The file itself, or the one of a directory that is the model: by content first, then by name.
  func file(_ path: FilePath, _ options: ReadingOptions) throws -> FilePath {
    guard try FileStatus.of(path).kind == .directory else { return path }
    var files: [(path: FilePath, header: ModelHeader)] = []
    for entry in try Directory.entries(path) where !entry.string.hasPrefix(".") {
      let file = path.appending(entry)
      // Opening a pipe would wait for a writer.
      guard let status = try FileStatus.find(file), status.kind == .file,
        let header = try? ModelFormats.header(of: file)
      else { continue }
      files.append((file, header))
    }
    if let name = options.format { return try file(among: files, of: name, in: path) }
    let models = files.filter { format(of: $0.header)?.isReadable == true }
    if models.count == 1 { return models[0].path }
    if let path = usual(among: files.map(\.path)) { return path }
    // Of many JSON files one may be a model, and one that says so is.
    let certain = models.filter { format(of: $0.header)?.match($0.header) == .certain }
    if certain.count == 1 { return certain[0].path }
    guard certain.isEmpty else { throw ambiguous(certain.count, in: path.string) }
    // A file of a format that is refused, so that the error says why.
    let refused = files.filter { format(of: $0.header)?.isReadable == false }
    if models.isEmpty, refused.count == 1 { return refused[0].path }
    return try choose(among: files.map(\.path), in: path.string)
  }

  /// The file of a directory that is of a named format.
  private func file(
    among files: [(path: FilePath, header: ModelHeader)], of name: String, in place: FilePath
  ) throws -> FilePath {
    let format = try known(name)
    let matches = files.map { (path: $0.path, match: format.match($0.header)) }
    let certain = matches.filter { $0.match == .certain }.map(\.path)
    let candidates = certain.isEmpty ? matches.filter { $0.match == .possible }.map(\.path) : certain
    if candidates.count == 1 { return candidates[0] }
    if let path = usual(among: candidates) { return path }
    guard candidates.isEmpty else { throw ambiguous(candidates.count, in: place.lexicallyNormalized().string) }
    let others = files.compactMap { self.format(of: $0.header)?.displayName }
    let found = others.isEmpty ? "" : "; it has \(Array(Set(others)).sorted().joined(separator: ", "))"
    throw ModelError(
      .mismatch, place.lexicallyNormalized().string,
      reason: "no file of the directory is \(format.displayName)\(found)",
      hint: "write format: auto, or name the file in path")
  }

  /// The format with a name, if a file can be of it.
  func named(_ name: String, matching header: ModelHeader, _ file: String) throws -> ModelFormat {
    let format = try known(name)
    guard format.match(header) == .none else { return format }
    let found = self.format(of: header)
    let likeness = header.bytes.isEmpty ? "it is empty" : found.map { "it looks like \($0.displayName)" }
    throw ModelError(
      .mismatch, file,
      reason: "not \(format.displayName): \(likeness ?? "its beginning is of no format that opz knows")",
      hint: found.map { $0.isReadable ? "write format: \($0.name), or format: auto" : nil } ?? format.advice)
  }

  private func known(_ name: String) throws -> ModelFormat {
    if let format = named(name) { return format }
    throw ModelError(
      .badOption, "format \(name.prefix(80))", reason: "not a format that opz knows",
      hint: "write one of \(readable.map(\.name).joined(separator: ", "))")
  }

  /// Whether a file begins like a readable model and is small enough for a quick look. Only its header is read.
  private func looksReadable(_ path: FilePath) -> Bool {
    guard let status = try? FileStatus.of(path), status.kind == .file, status.size <= 64 << 20 else { return false }
    return (try? ModelFormats.header(of: path)).map { format(of: $0)?.isReadable == true } ?? false
  }

  /// The beginning of a file.
  static func header(of path: FilePath) throws -> ModelHeader {
    let file = try OpenFile.reading(path)
    var header = [UInt8](repeating: 0, count: ModelHeader.limit)
    let count = try header.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    return ModelHeader(header[..<count])
  }
}
