public import OpzIO
import OpzJSON
import OpzOCI

/// Reads the archives of `docker save`, `podman save` and `opz package --output docker-archive:`: `manifest.json`
/// lists the config and layers of each image.
///
/// The bytes of its members are read in place on demand (`ArchiveMembers`). Layers are plain or gzip-compressed tars.
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

  /// Scans the archive. It blocks.
  /// - Parameters:
  ///   - blob: the uncompressed tar.
  ///   - name: the archive's name in errors.
  /// - Throws: `ArchiveError` for an archive that is damaged, incomplete or over a limit.
  public init(_ blob: any Blob, name: String) throws {
    let members = try ArchiveMembers(blob, name: name)
    let entries = try CanonicalJSON.decode(
      [Entry].self, from: members.document("manifest.json"), .dockerArchive, subject: "\(name): manifest.json")
    images = try entries.map { entry in
      Image(
        tags: entry.repoTags ?? [], config: try members.document(entry.config),
        layers: try entry.layers.map(members.content))
    }
  }
}
