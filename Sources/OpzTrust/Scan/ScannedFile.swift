import OpzIO

/// A file of an image, or what lies in one: a member of an archive, what a compressed file unpacks to.
struct ScannedFile: Sendable {
  /// In the image, what lies in another file after `!/`: `models/model.pt!/archive/data.pkl`.
  let path: String
  let blob: any Blob
  /// Up to `headSize` bytes from its beginning.
  let head: [UInt8]
  let context: ScanContext

  static let headSize = 4096

  init(_ path: String, _ blob: any Blob, _ context: ScanContext) throws {
    self.path = path
    self.blob = blob
    self.context = context
    var bytes = try PickleBytes(blob, at: 0)
    head = try bytes.bytes(Int(min(UInt64(ScannedFile.headSize), blob.size))) ?? []
  }

  /// Its last component, in small letters.
  var name: String { (path.split(separator: "/").last ?? "").lowercased() }

  /// What follows the dots of the name, in small letters: `pkl` and `gz` of `model.pkl.gz`.
  var suffixes: [Substring] { name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().map { $0 } }

  /// The last of them, empty where the name has no dot.
  var suffix: Substring { suffixes.last ?? "" }
}

/// What holds for a file and all that lies in it.
struct ScanContext: Sendable {
  let origin: ScanOrigin
  /// Whether keys and tokens count.
  let secrets: Bool
  /// In how many other files it lies.
  var depth = 0
}

/// Where a file of an image is from.
public enum ScanOrigin: Sendable, Hashable {
  /// From the project, or nobody knows: what it does when it is loaded counts.
  case project
  /// A file of a wheel that a lock pins by its digest: code that the user chose already, so what lies in it is a note at most.
  case wheel
}
