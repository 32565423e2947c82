import OpzIO
import OpzModel
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
  /// - Throws: `ModelError` for a file that is damaged or not a model, of code `mismatch` for one of another format
  ///   than the options name; `IOFailure` if it cannot be read.
  public func load(_ path: FilePath, options: ReadingOptions = ReadingOptions()) throws -> LoadedModel {
    let file = try file(path, options)
    return try read(
      try ModelFormats.bytes(file), name: file.lastComponent?.string ?? file.string, options: options)
  }

  /// Reads a model from memory.
  /// - Parameter name: the name used in errors.
  /// - Throws: `ModelError` for bytes that are damaged or not a model that opz reads, of code `mismatch` for another
  ///   format than the options name, and for iterations that the format has not.
  public func read(
    _ bytes: [UInt8], name: String, options: ReadingOptions = ReadingOptions()
  ) throws -> LoadedModel {
    let header = ModelHeader(bytes)
    guard let format = try options.format.map({ try named($0, matching: header, name) }) ?? format(of: header) else {
      if bytes.isEmpty { throw ModelError(.damaged, name, reason: "the file is empty", hint: advice) }
      throw ModelError(.unknownFormat, name, reason: "not a model that opz knows", hint: advice)
    }
    switch format.reading {
    case .read(_, let reader):
      guard format.hasIterations || options.iterations == .all else {
        throw ModelError(
          .mismatch, name, reason: "a file of the format \(format.displayName) has no iterations to choose from",
          hint: "leave iterations: best out, so that all of the model is scored")
      }
      let model = try reader(ModelFile(bytes, name: name, options: options))
      return LoadedModel(format: format, model: model.taking(unseen: options.unseen))
    case .refuse(let reason, let hint):
      let hints = [hint, advice].compactMap { $0 }
      throw ModelError(
        .unsupported, name, reason: reason, hint: hints.isEmpty ? nil : hints.joined(separator: ", or "))
    }
  }

  /// The format of a file that begins like this; nil if no format matches.
  public func format(of header: ModelHeader) -> ModelFormat? {
    let matches = all.map { (format: $0, match: $0.match(header)) }
    return (matches.first { $0.match == .certain } ?? matches.first { $0.match == .possible })?.format
  }

  /// The whole file; fails if it was changed while it was read.
  private static func bytes(_ path: FilePath) throws -> [UInt8] {
    let file = try OpenFile.reading(path)
    let status = try file.status()
    guard status.kind == .file else { throw IOFailure("not a regular file", path: path) }
    guard status.size <= sizeLimit else {
      throw ModelError(
        .tooLarge, path.string, reason: "it has \(status.size) bytes; the limit for a model is \(sizeLimit)")
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
        .damaged, path.string, reason: "the file changed while it was read",
        hint: "let the program that writes it finish, then try again")
    }
    return bytes
  }
}
