import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// A search cache in the registry's `cache/`: some record fields, the aliases and the tags of each version of a model,
/// so that a search reads neither events nor records.
///
/// There is one file per model and set of fields. Its first line has the result of stat(2) on the directory of events
/// before they were read: while that is unchanged, no event was added. Then follows one line per version, newest first,
/// and in the last line the SHA-256 of everything before. Any other file is treated as missing.
struct FieldsFile {
  /// Between the values of one field.
  private static let between: UInt8 = 0x1F
  private static let title = "opz fields 4 \(RegistryFormat.fingerprint)"
  /// How many columns come before the fields: artifact, its size, version, aliases, tags, whether these tags are all.
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
    /// Those of `opz tag`; if there are later settings, all tags of the version.
    let tags: [String: String]
    /// Whether the tags of the record no longer count.
    let hasAllTags: Bool
    let values: [[QueryValue]]
  }

  /// Identifies the directory of events while no event is added or removed. Nil while a change might not show in its
  /// times.
  static func mark(_ events: FilePath) -> String? {
    let now = Timestamp.now()
    guard let status = try? FileStatus.find(events), status.isSettled(at: now) else { return nil }
    return "\(status.device)-\(status.inode)-\(status.modified)-\(status.changed)"
  }

  // MARK: Reading

  /// The lines of a file, read one after the other; columns are decoded when asked for.
  struct Lines {
    private var lines: SealedLines
    /// The mark of the events that the file was made from.
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

    /// Moves to the next version. False at the end, and at a malformed line.
    mutating func next() -> Bool { lines.next() && lines.count == FieldsFile.fixed + fields }

    var artifact: Digest? { Digest(sha256Hex: lines[0]) }

    var aliases: [AliasName] {
      lines.isEmpty(3)
        ? []
        : lines[3].split(separator: UInt8(ascii: ",")).compactMap { AliasName(String(decoding: $0, as: UTF8.self)) }
    }

    /// Stored as alternating names and values.
    var tags: [String: String] {
      guard !lines.isEmpty(4) else { return [:] }
      let parts = lines[4].split(separator: FieldsFile.between, omittingEmptySubsequences: false)
        .map { SealedLines.unescape(String(decoding: $0, as: UTF8.self)) }
      return Dictionary(
        stride(from: 0, to: parts.count - 1, by: 2).map { (parts[$0], parts[$0 + 1]) },
        uniquingKeysWith: { _, new in new })
    }

    var hasAllTags: Bool { !lines.isEmpty(5) }

    /// The values of a field, by its index in the file.
    func values(_ field: Int) -> [QueryValue] {
      let place = FieldsFile.fixed + field
      return lines.isEmpty(place) ? [] : lines[place].split(separator: FieldsFile.between).compactMap(FieldsFile.value)
    }

    /// The whole line; nil if it is corrupt.
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

  /// The cached lines, if the file is complete.
  func lines() -> Lines? { Lines(path, fields: fields.count) }

  // MARK: Writing

  /// Caches all rows of the model. In a read-only registry nothing changes.
  func write(_ rows: [Row], mark: String) {
    var bytes = Array("\(FieldsFile.title)\t\(mark)\n".utf8)
    for row in rows {
      // An artifact that opz did not create has other types; then the events are read each time.
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
