import OpzIO
import OpzJSON
public import OpzOCI
public import OpzStore

/// The files of a version. Up to `inline` are in its record; more are in a blob, one JSON object per line, so that the
/// record stays small and quick to read.
public enum FileList {
  public static let mediaType = MediaType("application/vnd.opz.files.v1+jsonl")
  /// The most files that a record contains itself.
  public static let inline = 100
  /// In bytes; the list of a million files is smaller.
  static let limit = 1 << 30

  /// Adds the files to a record, or to the store if they are many.
  /// - Parameter files: iterated once; at most `inline` are in memory at a time.
  public static func place(
    _ files: some Sequence<VersionRecord.File>, in record: inout VersionRecord, _ store: LayoutStore
  ) throws {
    (record.files, record.fileList) = ([], nil)
    var first: [VersionRecord.File] = []
    var writer: BlobWriter?
    var lines: [UInt8] = []
    for file in files {
      if writer == nil, first.count < inline {
        first.append(file)
        continue
      }
      let list = try writer ?? store.ingest()
      if writer == nil {
        writer = list
        for file in first { try append(file, to: &lines) }
      }
      try append(file, to: &lines)
      if lines.count >= 1 << 16 { try flush(&lines, to: list) }
    }
    guard let writer else {
      record.files = first
      return
    }
    try flush(&lines, to: writer)
    record.fileList = try writer.commit(mediaType)
  }

  private static func flush(_ lines: inout [UInt8], to writer: BlobWriter) throws {
    try lines.withUnsafeBytes { try writer.write($0) }
    lines.removeAll(keepingCapacity: true)
  }

  private static func append(_ file: VersionRecord.File, to lines: inout [UInt8]) throws {
    var members: [String: JSONValue] = [
      "mode": .string(file.mode), "path": .string(file.path), "role": .string(file.role),
      "size": .integer(Int64(clamping: file.size)),
    ]
    members["digest"] = file.digest.map { .string($0.description) }
    members["link"] = file.link.map { .string($0) }
    members["pathBytes"] = file.pathBytes.map { .string($0) }
    members["linkBytes"] = file.linkBytes.map { .string($0) }
    lines += try CanonicalJSON.encode(JSONValue.object(members))
    lines.append(UInt8(ascii: "\n"))
  }

  static func decode(_ bytes: [UInt8], subject: String) throws -> [VersionRecord.File] {
    try bytes.split(separator: UInt8(ascii: "\n")).map {
      try CanonicalJSON.decode(VersionRecord.File.self, from: Array($0), .file, subject: subject)
    }
  }
}

extension Registry {
  /// All files that opz put into a version's image.
  public func files(of record: VersionRecord) async throws -> [VersionRecord.File] {
    guard let list = record.fileList else { return record.files }
    return try FileList.decode(
      await store.bytes(list, limit: FileList.limit), subject: "the files of \(record.reference)")
  }
}
