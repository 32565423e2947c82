import OpzArchive
import OpzIO
import OpzPython
import OpzTestKit
import SystemPackage
import Testing

/// A wheel made by a test, valid unless the test changes it.
struct HandMadeWheel: Sendable {
  struct File: Sendable {
    var path: String
    var content: [UInt8]
    var mode: UInt32

    init(_ path: String, _ content: String = "", mode: UInt32? = nil) {
      self.path = path
      self.content = Array(content.utf8)
      self.mode = mode ?? (path.hasSuffix("/") ? 0o040755 : 0o100644)
    }
  }

  var fileName: String
  /// `handmade-1.0`.
  var stem: String
  var files: [File]
  /// Changes the lines of RECORD.
  var changeRecord: @Sendable (inout [String]) -> Void = { _ in }
  /// Members that RECORD does not list.
  var unlisted: [File] = []

  /// A wheel of `handmade` 1.0.
  init(_ files: [File], fileName: String = "handmade-1.0-py3-none-any.whl", stem: String = "handmade-1.0") {
    self.fileName = fileName
    self.stem = stem
    self.files =
      files + [
        File(
          "\(stem).dist-info/METADATA",
          "Metadata-Version: 2.1\nName: handmade\nVersion: 1.0\nRequires-Python: >=3.9\n\nbody\nName: other\n"),
        File(
          "\(stem).dist-info/WHEEL",
          "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
      ]
  }

  func with(_ change: (inout HandMadeWheel) -> Void) -> HandMadeWheel {
    var copy = self
    change(&copy)
    return copy
  }

  /// The wheel with a different content of one of its metadata files, or without the file.
  func with(_ file: String, _ text: String?) -> HandMadeWheel {
    with { wheel in
      let path = "\(wheel.stem).dist-info/\(file)"
      wheel.files.removeAll { $0.path == path }
      if let text { wheel.files.append(File(path, text)) }
    }
  }

  var bytes: [UInt8] {
    let record = "\(stem).dist-info/RECORD"
    var lines = files.filter { !$0.path.hasSuffix("/") }.map { file in
      "\(HandMadeWheel.field(file.path)),\(recordDigest(file.content)),\(file.content.count)"
    }
    lines.append("\(record),,")
    changeRecord(&lines)
    let all = files + unlisted + [File(record, lines.map { $0 + "\n" }.joined())]
    return RawZip(
      all.map { file in
        RawZip.Member(Array(file.path.utf8), file.content, mode: file.mode)
          .withBoth { if file.path.utf8.contains(where: { $0 >= 0x80 }) { $0.flags = 1 << 11 } }
      }
    ).bytes
  }

  func opened() throws -> Wheel {
    try Wheel(try ZipArchive(BytesBlob(bytes), name: fileName), name: try WheelName(parsing: fileName))
  }

  /// Quoted if necessary.
  static func field(_ path: String) -> String {
    guard path.contains(where: { ",\"".contains($0) }) else { return path }
    return "\"" + path.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}

/// The second column of RECORD, computed independently of the module.
func recordDigest(_ content: [UInt8]) -> String {
  let bits = Digest.of(content).hex.compactMap(\.hexDigitValue).flatMap { digit in [8, 4, 2, 1].map { digit & $0 != 0 }
  }
  let padded = bits + [false, false]
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
  let text = stride(from: 0, to: padded.count, by: 6).map { start in
    alphabet[padded[start..<(start + 6)].reduce(0) { $0 * 2 + ($1 ? 1 : 0) }]
  }
  return "sha256=" + String(text)
}

func standardLayout() throws -> InstallLayout {
  try InstallLayout(prefix: "opt/python", python: "3.12", interpreter: "/usr/bin/env python3.12")
}

/// A file as installed.
struct LaidFile: Equatable {
  let mode: UInt32
  let text: String
}

/// The content of the entries, by path.
func laid(_ entries: [TarEntry]) throws -> [String: LaidFile] {
  var files: [String: LaidFile] = [:]
  for entry in entries {
    guard case .file(let content) = entry.kind else { continue }
    let text = String(decoding: try content.bytes(), as: UTF8.self)
    try #require(files.updateValue(LaidFile(mode: entry.mode, text: text), forKey: entry.path.string) == nil)
  }
  return files
}

/// Reads from `offset` to the end, `piece` bytes at a time.
func rest(of blob: any Blob, from offset: Int, piece: Int = 7001) throws -> [UInt8] {
  let source = try blob.open(at: UInt64(offset))
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 1)
  defer { buffer.deallocate() }
  var found: [UInt8] = []
  while case let count = try source.read(into: buffer), count > 0 { found += buffer[..<count] }
  return found
}

/// The `PythonError` that `body` throws.
func failure(_ body: () throws -> Void) -> PythonError? {
  do {
    try body()
    return nil
  } catch {
    return error as? PythonError
  }
}

/// Discards all bytes.
struct NoSink: ByteSink {
  mutating func write(_ bytes: UnsafeRawBufferPointer) {}
}
