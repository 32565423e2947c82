import OpzIO
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
  public static func place(_ files: [VersionRecord.File], in record: inout VersionRecord, _ store: LayoutStore) throws {
    guard files.count > inline else {
      (record.files, record.fileList) = (files, nil)
      return
    }
    record.files = []
    record.fileList = try store.put(encode(files), mediaType)
  }

  static func encode(_ files: [VersionRecord.File]) throws -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(files.count * 160)
    for file in files {
      var members: [String: JSONValue] = [
        "mode": .string(file.mode), "path": .string(file.path), "role": .string(file.role),
        "size": .integer(Int64(clamping: file.size)),
      ]
      members["digest"] = file.digest.map { .string($0.description) }
      members["link"] = file.link.map { .string($0) }
      members["pathBytes"] = file.pathBytes.map { .string($0) }
      members["linkBytes"] = file.linkBytes.map { .string($0) }
      output += try CanonicalJSON.encode(JSONValue.object(members))
      output.append(UInt8(ascii: "\n"))
    }
    return output
  }

  static func decode(_ bytes: [UInt8], subject: String) throws -> [VersionRecord.File] {
    try bytes.split(separator: UInt8(ascii: "\n")).map {
      try CanonicalJSON.decode(VersionRecord.File.self, from: Array($0), subject: subject)
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
