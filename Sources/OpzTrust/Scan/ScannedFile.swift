import OpzIO

/// A file of an image, or a file within one: a member of an archive, the content of a compressed file.
struct ScannedFile: Sendable {
  /// The path in the image; files within files follow `!/`: `models/model.pt!/archive/data.pkl`.
  let path: String
  let blob: any Blob
  /// Up to `headSize` bytes from the beginning.
  let head: [UInt8]
  let context: ScanContext

  static let headSize = 4096

  init(_ path: String, _ blob: any Blob, context: ScanContext) throws {
    self.path = path
    self.blob = blob
    self.context = context
    var bytes = try PickleBytes(blob, at: 0)
    head = try bytes.bytes(Int(min(UInt64(ScannedFile.headSize), blob.size))) ?? []
  }

  /// The path's last component, in lowercase.
  var name: String { (path.split(separator: "/").last ?? "").lowercased() }

  /// The parts of the name after its dots, in lowercase: `pkl` and `gz` of `model.pkl.gz`.
  var suffixes: [Substring] { name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().map { $0 } }

  /// The last suffix; empty if the name has no dot.
  var suffix: Substring { suffixes.last ?? "" }
}

/// What applies to a file and to everything within it.
struct ScanContext: Sendable {
  let origin: ScanOrigin
  /// Whether to look for keys and tokens.
  let secrets: Bool
  /// How many other files it is nested in.
  var depth = 0
}

/// Where a file of an image comes from.
public enum ScanOrigin: Sendable, Hashable {
  /// From the project, or unknown: what it does when it is loaded counts.
  case project
  /// From a wheel that a lock pins by digest: the user chose to run that code already, so findings in it are notes,
  /// except for secrets.
  case wheel
}
