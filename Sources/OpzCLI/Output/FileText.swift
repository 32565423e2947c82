import OpzIO
import OpzRegistry

/// Formats a version's files for people.
enum FileText {
  static func table(_ files: [VersionRecord.File]) -> String {
    var table = TextTable(["FILE", "MODE", "SIZE", "DIGEST"], right: [2])
    for file in files {
      let digest = file.link.map { "-> \($0)" } ?? file.digest?.description ?? "alone in its layer"
      table.add([file.path, file.mode, ByteCount.text(file.size), digest])
    }
    return files.isEmpty ? "" : table.text
  }
}
