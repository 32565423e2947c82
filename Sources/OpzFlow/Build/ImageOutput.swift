import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// Writes an image of the registry to an OCI layout or an archive.
struct ImageOutput: Sendable {
  enum Place: Sendable {
    case layout(FilePath, tag: String?)
    case ociArchive(FilePath, tag: String?)
    case dockerArchive(FilePath)
  }

  let place: Place

  /// Parses `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE`.
  init(_ text: String, in session: Session) throws {
    switch try? ImagePlace.file(text, in: session) {
    case .layout(let directory, let tag)?: place = .layout(directory, tag: tag)
    case .ociArchive(let file, let tag)?:
      try DockerArchiveFile.require(file, kind: "oci-archive")
      place = .ociArchive(file, tag: tag)
    case .dockerArchive(let file)?:
      try DockerArchiveFile.require(file)
      place = .dockerArchive(file)
    default:
      throw FlowError(
        .usage, "--output \(text)", reason: "not a valid output",
        hint: "write oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE")
    }
  }

  /// - Parameters:
  ///   - name: the model's name, used in the archive's tags.
  ///   - tags: the tags to give the image, unless the place names one.
  func write(_ root: Descriptor, name: String, tags: [String], from content: VersionContent) async throws {
    let (store, progress) = (content.registry.store, content.session.progress)
    switch place {
    case .layout(let directory, let tag):
      let layout = try LayoutStore.create(directory)
      _ = try await copy(root, from: content, to: layout, progress: progress)
      for tag in tag.map({ [$0] }) ?? tags { try await layout.tag(root, as: tag) }
    case .ociArchive(let file, let tag):
      let graph = try await ContentGraph.of(root, in: content)
      let index = LayoutStore.listing((tag.map { [$0] } ?? tags).map { .init(root, tag: $0) })
      try await OCIArchiveFile(file).write(index, content: graph.blobs + graph.documents, from: content)
    case .dockerArchive(let file):
      try await content.fetchAll()
      let image = try await store.image(root).manifest.descriptor
      try await DockerArchiveFile(file).write(image, names: tags.map { "\(name):\($0)" }, from: store, trusting: true)
    }
  }
}
