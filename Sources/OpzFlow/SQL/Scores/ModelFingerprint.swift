public import OpzIO
import OpzOCI
import SystemPackage

extension ModelOperand {
  /// What the model is, whatever its name: the digest of its version's image, or of its files.
  /// - Throws: `RegistryError` for a version that does not exist, `IOFailure`.
  public func fingerprint() throws -> Digest {
    if let version = try version() { return version.record.image.digest }
    var hasher = DigestHasher()
    if let file { try ModelOperand.add(file, name: "", to: &hasher) }
    return hasher.finish()
  }

  private static func add(_ path: FilePath, name: String, to hasher: inout DigestHasher) throws {
    if try FileStatus.of(path).kind == .directory {
      for entry in try Directory.entries(path) {
        try add(path.appending(entry), name: "\(name)/\(entry)", to: &hasher)
      }
      return
    }
    let blob = try FileBlob(path)
    hasher.update(Array("\(name) \(blob.size)\n".utf8))
    try blob.forEachChunk { hasher.update($0) }
  }
}
