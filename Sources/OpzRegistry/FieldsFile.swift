import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// What the records of a model say of some fields, in the registry's `cache/`, so that a search need not read each record.
///
/// One file a model and set of fields: a line a version with the hex of its artifact's digest, then for each field its values. The sha256 of all
/// before is in the last line. A file that is not so is as good as none.
struct FieldsFile {
  private static let newline = UInt8(ascii: "\n")
  private static let tab = UInt8(ascii: "\t")
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
    guard let bytes = try? SmallFile.read(path, limit: 256 << 20), bytes.last == FieldsFile.newline,
      let cut = bytes.dropLast().lastIndex(of: FieldsFile.newline)
    else { return }
    guard Digest.of(Array(bytes[...cut])).hex.utf8.elementsEqual(bytes[(cut + 1)..<(bytes.count - 1)]) else { return }
    for line in bytes[..<cut].split(separator: FieldsFile.newline) {
      let parts = line.split(separator: FieldsFile.tab, omittingEmptySubsequences: false)
      guard parts.count == fields.count + 1,
        let digest = Digest(algorithm: .sha256, hex: String(decoding: parts[0], as: UTF8.self))
      else {
        rows = [:]
        return
      }
      rows[digest] = parts.dropFirst().map { part in
        part.split(separator: FieldsFile.between).compactMap(FieldsFile.value)
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
      bytes += Array(digest.hex.utf8)
      for field in values {
        bytes.append(FieldsFile.tab)
        bytes += Array(field.map(FieldsFile.bytes).joined(separator: [FieldsFile.between]))
      }
      bytes.append(FieldsFile.newline)
    }
    bytes += Array("\(Digest.of(bytes).hex)\n".utf8)
    try? Durable.makeDirectory(path.removingLastComponent())
    try? Durable.replaceLazily(path, with: bytes)
  }

  private static func bytes(_ value: QueryValue) -> [UInt8] {
    let text =
      switch value {
      case .number(let number): "n\(number)"
      case .bool(let value): "b\(value)"
      case .version(let version): "v\(version)"
      case .text(let text): "t" + StateFile.escape(text)
      }
    return Array(text.utf8)
  }

  private static func value(_ bytes: ArraySlice<UInt8>) -> QueryValue? {
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    switch bytes.first {
    case UInt8(ascii: "n"): return Double(text).map { .number($0) }
    case UInt8(ascii: "b"): return .bool(text == "true")
    case UInt8(ascii: "v"): return SemanticVersion(text).map { .version($0) }
    case UInt8(ascii: "t"): return .text(StateFile.unescape(text))
    default: return nil
    }
  }
}
