import OpzIO
public import OpzOCI
import OpzStore
import SystemPackage

extension Registry {
  /// Rewrites `version.json` and the layouts of versions if they differ from their sources.
  /// - Returns: the number of files written.
  public func rewriteGenerated() throws -> Int {
    var written = 0
    for name in try models() {
      try locked(name) {
        for entry in try state(name).live { written += try rewrite(name, entry) }
      }
    }
    return written
  }

  private func rewrite(_ name: ModelName, _ entry: ModelState.Entry) throws -> Int {
    var written = 0
    let place = try ownDirectory(name, entry.version)
    let conflicts = try state(name).live.filter { $0.version == entry.version }.count > 1
    if !conflicts, let bytes = try? recordBytes(of: entry) {
      let path = place.appending("version.json")
      if (try? SmallFile.read(path, limit: VersionRecord.limit)) != bytes {
        try Durable.makeDirectory(place)
        try Durable.replace(path, with: bytes, mode: 0o444)
        written += 1
      }
    }
    guard let version = try? load(name, entry) else { return written }
    for (file, bytes) in try layoutFiles(of: version) {
      let path = place.appending(file)
      guard (try? SmallFile.read(path, limit: 1 << 20)) != bytes else { continue }
      try Durable.replace(path, with: bytes)
      written += 1
    }
    return written
  }

  /// The record's bytes from its artifact.
  func recordBytes(of entry: ModelState.Entry) throws -> [UInt8] {
    let manifest = try Manifest(
      raw: store.content(entry.artifact), mediaType: entry.artifact.mediaType,
      subject: entry.artifact.digest.description)
    guard let layer = manifest.content.layers.first(where: { $0.mediaType == RecordArtifact.artifactType }) else {
      throw RegistryError(
        .damaged, entry.artifact.digest.description, reason: "the artifact does not hold a version record")
    }
    let bytes = try store.content(layer, limit: VersionRecord.limit)
    guard Digest.of(bytes) == layer.digest else {
      throw RegistryError(.damaged, layer.digest.description, reason: "the blob is corrupt")
    }
    return bytes
  }

  /// Removes a corrupt blob, so that an intact one can replace it.
  public func discard(_ descriptor: Descriptor) throws {
    try Durable.remove(store.path(of: descriptor.digest))
  }
}
