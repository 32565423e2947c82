import OpzIO
import OpzJSON
public import OpzOCI
public import OpzStore

/// The files of a version. A few are in its record; more are a blob of their own, one JSON object a line, so that the record stays small
/// and quick to read.
public enum FileList {
  public static let mediaType = MediaType("application/vnd.opz.files.v1+jsonl")
  /// As many as a record holds itself.
  public static let inline = 100
  /// Bytes; a list of a million files has fewer.
  static let limit = 1 << 30

  /// Puts the files into a record, and into the store where they are many.
  /// - Parameter files: gone through once; only as many as a record holds are in memory together.
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
