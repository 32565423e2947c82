import OpzArchive
import OpzIO
import SystemPackage

/// The key of a layer in the cache: a digest of everything that its bytes depend on.
enum LayerKey {
  /// Incremented when the same input would give other bytes.
  static let format = 2

  /// The key including the files' digests; nil if one is missing.
  static func contents(_ layer: PlannedLayer, digests: [Digest?]) -> Digest? {
    var hasher = begin(layer)
    switch layer.source {
    case .stored(let source): add("stored \(source.layer.descriptor.digest)", to: &hasher)
    case .packages(let source):
      for line in source.identity { add("\(source.kind) \(line)", to: &hasher) }
    case .files(let files):
      for (file, digest) in zip(files, digests) {
        add(file, to: &hasher)
        guard needsDigest(file) else { continue }
        guard let digest = layer.holdsSingleFile ? stat(file) : digest?.description else { return nil }
        add(digest, to: &hasher)
      }
    }
    return hasher.finish()
  }

  /// The key without the content of files. Layers of the same shape are usually the same layer, checked out again.
  static func shape(_ layer: PlannedLayer) -> Digest {
    var hasher = begin(layer)
    for file in layer.source.files { add(file, to: &hasher) }
    return hasher.finish()
  }

  static func needsDigest(_ file: SourceFile) -> Bool {
    if case .file = file.kind { true } else { false }
  }

  private static func begin(_ layer: PlannedLayer) -> DigestHasher {
    var hasher = DigestHasher(.sha256)
    add("opz layer \(format)", to: &hasher)
    add(layer.compression.identity, to: &hasher)
    for directory in layer.directories {
      add("base \(directory.mode) \(directory.uid) \(directory.gid)", to: &hasher)
      add(directory.path.bytes, to: &hasher)
    }
    return hasher
  }

  private static func add(_ file: SourceFile, to hasher: inout DigestHasher) {
    let kind =
      switch file.kind {
      case .file(let size): "file \(size)"
      case .directory: "directory"
      case .symlink: "link"
      }
    add("\(kind) \(file.mode) \(file.owner.uid) \(file.owner.gid)", to: &hasher)
    add(file.destination.bytes, to: &hasher)
    if case .symlink(let target) = file.kind { add(target, to: &hasher) }
  }

  private static func stat(_ file: SourceFile) -> String {
    let status = file.status
    return "stat \(status.device) \(status.inode) \(status.size) \(status.modified) \(status.changed)"
  }

  private static func add(_ text: String, to hasher: inout DigestHasher) { add(Array(text.utf8), to: &hasher) }

  /// Adds a length prefix, so that different lists of parts never give the same bytes.
  private static func add(_ bytes: [UInt8], to hasher: inout DigestHasher) {
    withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hasher.update($0) }
    bytes.withUnsafeBytes { hasher.update($0) }
  }
}
