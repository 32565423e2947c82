import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// What a search needs of a model: of each version that is there some fields of its record, its aliases and tags. It lies in the registry's
/// `cache/`, so that a search reads neither events nor records.
///
/// One file a model and set of fields. The first line says what stat(2) said of the directory of events before they were read: while it says that
/// still, no event has come. Then a line a version, in the order of a list. The sha256 of all before is in the last line. A file that is not so is
/// as good as none.
struct FieldsFile {
  /// Between the values of one field.
  private static let between: UInt8 = 0x1F
  private static let title = "opz fields 3"
  /// Before the fields: artifact, its size, version, aliases, tags, whether these are all.
  private static let fixed = 6

  let fields: [VersionQuery.Field]
  private let path: FilePath

  init(_ fields: [VersionQuery.Field], of name: ModelName, in registry: Registry) {
    self.fields = fields
    let set = fields.map { $0.joined(separator: "\u{1}") }.joined(separator: "\u{2}")
    path = registry.root.appending("cache").appending("fields").appending(Digest.of(Array(set.utf8)).short)
      .appending(name.description.split(separator: "/").joined(separator: "%2F") + ".fields")
  }

  /// A version as a search sees it.
  struct Row {
    let artifact: Descriptor
    let version: SemanticVersion
    let aliases: [AliasName]
    /// Those of `opz tag`; where settings came after the record, all that the version has.
    let tags: [String: String]
    /// No tag of the record counts.
    let hasAllTags: Bool
    let values: [[QueryValue]]
  }

  /// What the directory of events is, while no event comes or goes. Nil where one could come without its times telling.
  static func mark(_ events: FilePath) -> String? {
    let now = Timestamp.now()
    guard let status = try? FileStatus.find(events), status.isSettled(at: now) else { return nil }
    return "\(status.device)-\(status.inode)-\(status.modified)-\(status.changed)"
  }

  // MARK: Reading

  /// The lines of a file; a reader looks at one after the other, and takes of it what it needs.
  struct Lines {
    private var lines: SealedLines
    /// The mark of the events that it is of.
    let mark: String
    private let fields: Int

    fileprivate init?(_ path: FilePath, fields: Int) {
      guard var lines = SealedLines(path), lines.next(), lines.count == 2, lines.text(0) == FieldsFile.title else {
        return nil
      }
      mark = lines.text(1)
      self.lines = lines
      self.fields = fields
    }

    /// Goes to the next version. False at the end, and at a line that is none.
    mutating func next() -> Bool { lines.next() && lines.count == FieldsFile.fixed + fields }

    var artifact: Digest? { Digest(sha256Hex: lines[0]) }

    var aliases: [AliasName] {
      lines.isEmpty(3)
        ? []
        : lines[3].split(separator: UInt8(ascii: ",")).compactMap { AliasName(String(decoding: $0, as: UTF8.self)) }
    }

    /// By turns names and texts.
    var tags: [String: String] {
      guard !lines.isEmpty(4) else { return [:] }
      let parts = lines[4].split(separator: FieldsFile.between, omittingEmptySubsequences: false)
        .map { SealedLines.unescape(String(decoding: $0, as: UTF8.self)) }
      return Dictionary(
        stride(from: 0, to: parts.count - 1, by: 2).map { (parts[$0], parts[$0 + 1]) },
        uniquingKeysWith: { _, new in new })
    }

    var hasAllTags: Bool { !lines.isEmpty(5) }

    /// The values of a field, by its place among the file's.
    func values(_ field: Int) -> [QueryValue] {
      let place = FieldsFile.fixed + field
      return lines.isEmpty(place) ? [] : lines[place].split(separator: FieldsFile.between).compactMap(FieldsFile.value)
    }

    /// All of the line; nil where it is damaged.
    var row: Row? {
      guard let digest = artifact, let size = UInt64(decimal: lines[1]), let version = SemanticVersion(ascii: lines[2])
      else { return nil }
      return Row(
        artifact: Descriptor(
          mediaType: .imageManifest, digest: digest, size: size, artifactType: RecordArtifact.artifactType),
        version: version, aliases: aliases, tags: tags, hasAllTags: hasAllTags,
        values: (0..<fields).map(values))
    }
  }

  /// What was kept, if it is whole.
  func lines() -> Lines? { Lines(path, fields: fields.count) }

  // MARK: Writing

  /// Keeps rows, all that there are. A registry that may only be read keeps what it has.
  func write(_ rows: [Row], mark: String) {
    var bytes = Array("\(FieldsFile.title)\t\(mark)\n".utf8)
    for row in rows {
      // An artifact that opz did not make has not these types; then the events are read each time.
      guard row.artifact.mediaType == .imageManifest, row.artifact.artifactType == RecordArtifact.artifactType,
        row.artifact.digest.algorithm == .sha256
      else { return }
      row.artifact.digest.appendHex(to: &bytes)
      let tags = row.tags.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }.map(SealedLines.escape)
      for text in [
        "\(row.artifact.size)", "\(row.version)", row.aliases.map(\.description).joined(separator: ","),
        tags.joined(separator: "\u{1F}"), row.hasAllTags ? "1" : "",
      ] {
        bytes.append(SealedLines.tab)
        bytes += text.utf8
      }
      for field in row.values {
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
