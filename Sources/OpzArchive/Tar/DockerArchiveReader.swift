public import OpzIO
import OpzJSON
import OpzOCI
import SystemPackage

/// Reads the archives of `docker save`, `podman save` and `opz package --output docker-archive:`: `manifest.json`
/// lists the config and layers of each image.
///
/// The archive is scanned once for the locations of its members; their bytes are read from there on demand. Layers
/// are plain or gzip-compressed tars.
public struct DockerArchiveReader: Sendable {
  /// One image of the archive.
  public struct Image: Sendable {
    /// The image's names, such as `churn:1.0.0`.
    public let tags: [String]
    public let config: [UInt8]
    public let layers: [any Blob]
  }

  public let images: [Image]

  private struct Entry: Decodable {
    var config: String
    var repoTags: [String]?
    var layers: [String]

    enum CodingKeys: String, CodingKey {
      case config = "Config"
      case repoTags = "RepoTags"
      case layers = "Layers"
    }
  }

  private enum Member {
    case part(from: UInt64, size: UInt64)
    case link(FilePath)
  }

  /// The largest manifest.json or config, in bytes.
  private static let documentLimit: UInt64 = 16 << 20
  private static let memberLimit = 100_000

  /// Scans the archive. It blocks.
  /// - Parameters:
  ///   - blob: the uncompressed tar.
  ///   - name: the archive's name in errors.
  /// - Throws: `ArchiveError` for an archive that is damaged, incomplete or over a limit.
  public init(_ blob: any Blob, name: String) throws {
    let members = try DockerArchiveReader.members(blob, name)
    func content(_ path: String) throws -> any Blob {
      var place = FilePath(path).lexicallyNormalized()
      for _ in 0..<8 {
        switch members[place] {
        case .part(let start, let size)?:
          if let part = BlobSlice(blob, from: start, size: size) { return part }
          throw ArchiveError(.malformed, name, reason: "\"\(path.prefix(200))\" in it is cut short")
        case .link(let target)?: place = place.removingLastComponent().pushing(target).lexicallyNormalized()
        case nil: throw ArchiveError(.malformed, name, reason: "\"\(path.prefix(200))\" is not in it")
        }
      }
      throw ArchiveError(.malformed, name, reason: "\"\(path.prefix(200))\" in it is a link that leads back to itself")
    }
    func document(_ path: String) throws -> [UInt8] {
      let blob = try content(path)
      guard blob.size <= DockerArchiveReader.documentLimit else {
        throw ArchiveError(.overLimit, name, reason: "\"\(path.prefix(200))\" in it has too many bytes, \(blob.size)")
      }
      return try blob.bytes()
    }
    let entries = try CanonicalJSON.decode(
      [Entry].self, from: document("manifest.json"), .dockerArchive, subject: "\(name): manifest.json")
    images = try entries.map { entry in
      Image(tags: entry.repoTags ?? [], config: try document(entry.config), layers: try entry.layers.map(content))
    }
  }

  private static func members(_ blob: any Blob, _ name: String) throws -> [FilePath: Member] {
    let reader = try TarReader(StoredLayer(blob, .none, name: name))
    var members: [FilePath: Member] = [:]
    while let header = try reader.next() {
      guard members.count < memberLimit else {
        throw ArchiveError(.overLimit, name, reason: "more than \(memberLimit) members")
      }
      switch header.kind {
      case .file: members[header.path] = .part(from: reader.offset, size: header.size)
      case .symlink(let target):
        // Older engines save a layer that two images share as a link.
        members[header.path] = .link(FilePath(bytes: target.filter { $0 != 0 }))
      case .hardlink(let target): members[header.path] = members[target.lexicallyNormalized()]
      default: continue
      }
    }
    return members
  }
}
