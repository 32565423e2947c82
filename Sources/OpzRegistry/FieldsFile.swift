import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// What the records of a model say of some fields, in the registry's `cache/`, so that a search need not read each record.
///
/// One file a model and set of fields: a line a version with the hex of its artifact's digest, then for each field its values. The sha256 of all
/// before is in the last line. A file that is not so is as good as none.
struct FieldsFile {
  /// Between the values of one field.
  private static let between: UInt8 = 0x1F

  let fields: [VersionQuery.Field]
  /// The values of each field by the artifact's digest.
  private(set) var rows: [Digest: [[QueryValue]]] = [:]
  private var isChanged = false
  private let path: FilePath

  init(_ fields: [VersionQuery.Field], of name: ModelName, in registry: Registry) {
    self.fields = fields
    let set = fields.map { $0.joined(separator: "\u{1}") }.joined(separator: "\u{2}")
    path = registry.root.appending("cache").appending("fields").appending(Digest.of(Array(set.utf8)).short)
      .appending(name.description.split(separator: "/").joined(separator: "%2F") + ".fields")
    read()
  }

  private mutating func read() {
    guard var lines = SealedLines(path) else { return }
    while lines.next() {
      guard lines.count == fields.count + 1, let digest = Digest(sha256Hex: lines[0]) else {
        rows = [:]
        return
      }
      rows[digest] = (1..<lines.count).map { field in
        lines.isEmpty(field) ? [] : lines[field].split(separator: FieldsFile.between).compactMap(FieldsFile.value)
      }
    }
  }

  mutating func add(_ version: Registry.Version) -> [[QueryValue]] {
    let record = VersionFields(version)
    let values = fields.map { record.values($0) }
    rows[version.artifact.digest] = values
    isChanged = true
    return values
  }

  /// Keeps what was added. A registry that may only be read keeps what it has.
  func save() {
    guard isChanged else { return }
    var bytes: [UInt8] = []
    for (digest, values) in rows {
      Hex.append(digest.bytes, to: &bytes)
      for field in values {
        bytes.append(SealedLines.tab)
        bytes += Array(field.map(FieldsFile.bytes).joined(separator: [FieldsFile.between]))
      }
      bytes.append(SealedLines.newline)
    }
    try? SealedLines.write(path, bytes)
  }

  private static func bytes(_ value: QueryValue) -> [UInt8] {
    let text =
      switch value {
      case .number(let number): "n\(number)"
      case .bool(let value): "b\(value)"
      case .version(let version): "v\(version)"
      case .text(let text): "t" + SealedLines.escape(text)
      }
    return Array(text.utf8)
  }

  private static func value(_ bytes: ArraySlice<UInt8>) -> QueryValue? {
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    switch bytes.first {
    case UInt8(ascii: "n"): return Double(text).map { .number($0) }
    case UInt8(ascii: "b"): return .bool(text == "true")
    case UInt8(ascii: "v"): return SemanticVersion(text).map { .version($0) }
    case UInt8(ascii: "t"): return .text(SealedLines.unescape(text))
    default: return nil
    }
  }
}
