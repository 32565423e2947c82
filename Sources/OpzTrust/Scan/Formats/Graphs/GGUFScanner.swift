import OpzIO

/// GGUF, llama.cpp's model files: their metadata contains templates, which programs run.
///
/// Source: ggml's docs/gguf.md, versions 1 to 3.
struct GGUFScanner: FormatScanner {
  let name = "GGUF models"

  func recognizes(_ file: ScannedFile) -> Bool { file.head.starts(with: Array("GGUF".utf8)) }

  private struct Broken: Error { let reason: String }

  private static let maximumCount: UInt64 = 1 << 16

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    var findings = DocumentFindings(scanner.allowlist)
    do {
      try read(file, &findings)
    } catch let broken as Broken {
      findings.add(.unread, .error, text: "its metadata cannot be read: \(broken.reason)")
    }
    scanner.add(findings, file)
  }

  private func read(_ file: ScannedFile, _ findings: inout DocumentFindings) throws {
    var reader = try GGUFReader(file.blob)
    while let (key, text) = try reader.next() {
      // Templates are recognized by their content too, whatever the key.
      if key.contains("template") || text.contains("{%") || text.contains("{{") {
        JinjaTemplate.check(text, of: key, &findings)
      }
    }
  }

  /// Reads the strings in the metadata, one after the other.
  private struct GGUFReader {
    private var bytes: PickleBytes
    private var keys: UInt64
    private var seen: Set<String> = []
    private let isBig: Bool
    private let isFirst: Bool

    init(_ blob: any Blob) throws {
      bytes = try PickleBytes(blob, at: 4)
      guard let head = try bytes.bytes(4) else { throw Broken(reason: "it is cut short") }
      isBig = head[0] == 0 && head[3] != 0
      let version = isBig ? head[3] : head[0]
      guard (1...3).contains(version), head.reduce(0, { $0 + Int($1) }) == Int(version) else {
        throw Broken(reason: "its version is not 1, 2 or 3")
      }
      isFirst = version == 1
      keys = 0
      _ = try count()
      keys = try count()
      guard keys <= GGUFScanner.maximumCount else { throw Broken(reason: "more than \(GGUFScanner.maximumCount) keys") }
    }

    mutating func next() throws -> (String, String)? {
      while keys > 0 {
        keys -= 1
        let key = try text(limit: 1 << 16)
        guard seen.insert(key).inserted else { throw Broken(reason: "duplicate key \(key.prefix(100))") }
        let type = try number(4)
        if type == 8 { return (key, try text(limit: 1 << 20)) }
        if type == 9 {
          if let joined = try list(key) { return (key, joined) }
        } else {
          try skip(type, 1)
        }
      }
      return nil
    }

    private mutating func number(_ width: Int) throws -> UInt64 {
      guard let piece = try bytes.bytes(width) else { throw Broken(reason: "it is cut short") }
      return isBig ? piece.reduce(0) { $0 << 8 | UInt64($1) } : piece.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func count() throws -> UInt64 { try number(isFirst ? 4 : 8) }

    private mutating func text(limit: UInt64) throws -> String {
      let length = try count()
      guard length <= limit else { throw Broken(reason: "a string of more than \(limit) bytes") }
      guard let piece = try bytes.bytes(Int(length)) else { throw Broken(reason: "it is cut short") }
      return String(decoding: piece, as: UTF8.self)
    }

    private mutating func skip(_ type: UInt64, _ count: UInt64) throws {
      let widths: [UInt64: UInt64] = [0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8]
      guard let width = widths[type] else { throw Broken(reason: "a value of the unknown type \(type)") }
      let (size, overflow) = width.multipliedReportingOverflow(by: count)
      guard !overflow, try bytes.skip(size) else { throw Broken(reason: "it is cut short") }
    }

    /// Skips a list. If it may contain templates, its strings are joined.
    private mutating func list(_ key: String) throws -> String? {
      let type = try number(4)
      let count = try count()
      guard type == 8 else {
        try skip(type, count)
        return nil
      }
      guard count <= bytes.remaining else { throw Broken(reason: "it is cut short") }
      var joined = ""
      for _ in 0..<count {
        let length = try self.count()
        guard key.contains("template") else {
          guard try bytes.skip(length) else { throw Broken(reason: "it is cut short") }
          continue
        }
        guard length <= 1 << 20, joined.utf8.count < 4 << 20, let piece = try bytes.bytes(Int(length)) else {
          throw Broken(reason: "it is cut short, or its templates are too long")
        }
        joined += String(decoding: piece, as: UTF8.self) + "\n"
      }
      return joined
    }
  }
}
