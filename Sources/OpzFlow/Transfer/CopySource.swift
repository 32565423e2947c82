import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// The opened source of a copy: its content, and the image to copy.
struct CopySource: Sendable {
  let content: any ReferrerReader
  let root: Descriptor
  /// The image's tag at the source, used if the destination has none.
  var tag: String?
  /// The image's name in a docker archive.
  var name: String
  /// Repositories on the destination's host that may already have the content.
  var mounts: @Sendable (Reference) -> MountOrigins = { _ in MountOrigins() }

  static func open(_ place: ImagePlace, in session: Session) async throws -> CopySource {
    switch place {
    case .remote(let reference):
      var quiet = session
      quiet.progress = NotesOnly(sink: session.progress)
      let repository = try quiet.pullSource(reference)
      let tag = reference.tag ?? (reference.digest == nil ? "latest" : nil)
      let root = try await repository.resolve(reference.digest?.description ?? tag ?? "latest")
      return CopySource(content: repository, root: root, tag: tag, name: lastPart(reference.repository)) {
        let isNeighbor = $0.host == reference.host && $0.repository != reference.repository
        return MountOrigins(likely: isNeighbor ? [reference.repository] : [])
      }
    case .version(let reference):
      let registry = try session.openRegistry()
      let version = try registry.find(reference)
      let source = try await VersionSource.open(version, registry, session: session)
      let state = try registry.state(version.name)
      return CopySource(
        content: source, root: version.record.image, tag: TagMapping.tag(of: version.version),
        name: version.name.description
      ) { MountCandidates.origins(of: version, state, for: $0) }
    case .layout(let directory, let tag):
      let layout = try LayoutStore.open(directory)
      return CopySource(
        content: try await blocking { try LayoutSource(layout) },
        root: try await layout.resolve(tagOrOnly: tag).withoutAnnotations,
        tag: tag,
        name: directory.lastComponent?.string ?? "image")
    case .ociArchive(let file, let tag):
      let archive = try await blocking { try OCIArchiveContent(file) }
      let root = try archive.index.resolve(tagOrOnly: tag, in: "oci-archive:\(file)")
      return CopySource(content: archive, root: root.descriptor, tag: root.tag, name: file.stem ?? "image")
    case .dockerArchive(let file):
      let archive = try await blocking { try DockerArchiveContent(file) }
      let parts = archive.names.first.map { $0.split(separator: ":").map(String.init) } ?? []
      return CopySource(
        content: archive, root: archive.root, tag: parts.count > 1 ? parts.last : nil,
        name: parts.first ?? file.stem ?? "image")
    }
  }

  private static func lastPart(_ repository: String) -> String {
    repository.split(separator: "/").last.map(String.init) ?? repository
  }
}
