import OpzIO
import SystemPackage

/// Finds and reads model files.
enum ModelFile {
  /// The file itself, or the only file in a directory whose extension is that of a model format.
  static func find(_ path: FilePath) throws -> FilePath {
    guard try FileStatus.of(path).kind == .directory else { return path }
    let names = try Directory.entries(path).filter { entry in
      guard !entry.string.hasPrefix("."), entry.string.hasSuffix(".json") else { return false }
      return try FileStatus.of(path.appending(entry)).kind == .file
    }
    if let named = names.first(where: { $0.string == "model.json" }) { return path.appending(named) }
    guard names.count == 1, let only = names.first else {
      throw ModelError(
        .unknownFormat, path.string,
        names.isEmpty ? "the directory has no model file" : "\(names.count) files could be the model",
        hint: names.isEmpty
          ? "save one with booster.save_model(\"model.json\")" : "name one of them, or call it model.json")
    }
    return path.appending(only)
  }

  /// Whether a file starts like a model and is small enough for a quick look. Only its first bytes are read.
  static func looksLikeModel(_ path: FilePath) -> Bool {
    guard let file = try? OpenFile.reading(path), let status = try? file.status(), status.kind == .file,
      status.size <= 64 << 20
    else { return false }
    var head = [UInt8](repeating: 0, count: 64)
    let count = (try? head.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }) ?? 0
    return (try? check(Array(head[..<count]), "")) != nil
  }

  /// The whole file; fails if it was changed while it was read.
  static func bytes(_ path: FilePath) throws -> [UInt8] {
    let file = try OpenFile.reading(path)
    let status = try file.status()
    guard status.kind == .file else { throw IOFailure("not a regular file", path: path) }
    guard status.size <= Model.limit else {
      throw ModelError(
        .tooLarge, path.string, "it has \(status.size) bytes; the limit for a model is \(Model.limit)")
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

  /// Fails with the detected format if the file is not JSON.
  static func check(_ bytes: [UInt8], _ name: String) throws {
    let text = bytes.first { $0 != 32 && $0 != 9 && $0 != 10 && $0 != 13 }
    if text == UInt8(ascii: "{"), bytes.count < 2 || !isUBJSON(bytes) { return }
    let hint = "save an XGBoost model with booster.save_model(\"model.json\")"
    if bytes.isEmpty { throw ModelError(.damaged, name, "the file is empty", hint: hint) }
    if isUBJSON(bytes) {
      throw ModelError(.unsupported, name, "an XGBoost model in UBJSON, which opz does not read", hint: hint)
    }
    if bytes.starts(with: Array("tree\n".utf8)) {
      throw ModelError(.unsupported, name, "a LightGBM model, which opz does not read", hint: hint)
    }
    if bytes.starts(with: [0x80]) || bytes.starts(with: [0x50, 0x4b]) {
      throw ModelError(
        .unsupported, name, "a pickle or a zip archive; opz never runs code to read a model",
        hint: hint + ", or package it with runtime: {kind: custom}")
    }
    throw ModelError(.unknownFormat, name, "not a model that opz knows", hint: hint)
  }

  /// UBJSON objects begin with `{` and a length type: `{L`, `{i`.
  private static func isUBJSON(_ bytes: [UInt8]) -> Bool {
    bytes.count > 2 && bytes[0] == UInt8(ascii: "{") && Array("iUIlL$#".utf8).contains(bytes[1])
  }
}
