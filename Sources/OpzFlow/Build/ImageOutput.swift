import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// Writes an image of the registry to an OCI layout or a docker archive.
struct ImageOutput: Sendable {
  enum Place: Sendable {
    case layout(FilePath, tag: String?)
    case dockerArchive(FilePath)
  }

  let place: Place

  /// Parses `oci:DIR[:TAG]` or `docker-archive:FILE`.
  init(_ text: String, in session: Session) throws {
    if text.hasPrefix("oci:") {
      let (directory, tag) = Transport.layout(text)
      guard !directory.isEmpty else { throw ImageOutput.malformed(text) }
      place = .layout(session.path(directory), tag: tag)
    } else if text.hasPrefix("docker-archive:"), text.utf8.count > "docker-archive:".utf8.count {
      let file = session.output(String(text.dropFirst("docker-archive:".count)))
      try DockerArchiveFile.require(file)
      place = .dockerArchive(file)
    } else {
      throw ImageOutput.malformed(text)
    }
  }

  private static func malformed(_ text: String) -> FlowError {
    FlowError(
      .usage, "--output \(text)", reason: "not a valid output",
      hint: "write oci:DIR, oci:DIR:TAG or docker-archive:FILE")
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
    case .dockerArchive(let file):
      try await content.fetchAll()
      let image = try await store.image(root).manifest.descriptor
      try await DockerArchiveFile(file).write(image, names: tags.map { "\(name):\($0)" }, from: store, trusting: true)
    }
  }
}
