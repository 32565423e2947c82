import OpzArchive
import OpzIO
import OpzOCI
import OpzPackage
public import OpzRegistry
import OpzStore
public import SystemPackage

/// `opz dockerfile`: exports a Dockerfile and build context that reproduce a version's files and settings.
public struct DockerfileExport: Sendable {
  private let version: Registry.Version
  private let session: Session

  /// Prepares the export of a recorded version. Nothing is read or written before `write(to:from:)`.
  public init(_ version: Registry.Version, in session: Session) {
    self.version = version
    self.session = session
  }

  /// Writes `Dockerfile` and its context into a new or empty directory.
  /// - Returns: the text of the Dockerfile.
  /// - Throws: `FlowError` of category `conflict` if the directory is not empty, `failed` for a base with whiteouts,
  ///   which ADD cannot reproduce.
  public func write(to directory: FilePath, from registry: Registry) async throws -> String {
    if try FileStatus.find(directory) != nil, try !Directory.entries(directory).isEmpty {
      throw FlowError(
        .conflict, directory.string, reason: "the directory is not empty", hint: "name a new one with --output DIR")
    }
    let image = try await registry.store.image(version.record.image)
    return try await blocking { [version] in
      let own = version.record.layers.filter { $0.isOwn(on: image.config.platform) }
      let context = Context(directory: directory, store: registry.store)
      try Durable.makeDirectory(directory)
      var sources: [Dockerfile.Source] = []
      var from = "scratch"
      if let base = DockerfileExport.pullable(version.record) {
        from = base
      } else {
        let layers = image.layers.prefix(image.layers.count - own.count)
        sources = try layers.enumerated().map { try context.base($1, number: $0) }
      }
      for (number, layer) in own.enumerated() { sources.append(try context.own(layer, number: number)) }
      var execution = image.config.config ?? ImageConfig.Execution()
      execution.labels = nil
      let file = Dockerfile(from: from, sources: sources, execution: execution)
      try Durable.replace(directory.appending("Dockerfile"), with: Array(file.text.utf8))
      return file.text
    }
  }

  /// The base pinned by digest for `FROM`; nil if no builder can pull it.
  private static func pullable(_ record: VersionRecord) -> String? {
    guard let base = record.runtime.base, let digest = record.runtime.baseDigest,
      let reference = try? Reference(parsing: base)
    else { return nil }
    return reference.pinned(to: digest).description
  }

  private struct Context {
    let directory: FilePath
    let store: LayoutStore

    /// Copies a base layer as an archive, which ADD unpacks.
    func base(_ layer: Layer, number: Int) throws -> Dockerfile.Source {
      let packed = try StoredLayer(layer.descriptor, try store.file(layer.descriptor), diffID: layer.diffID)
      let reader = try TarReader(packed)
      while let header = try reader.next() {
        guard header.path.lastComponent?.string.hasPrefix(".wh.") != true else {
          throw FlowError(
            .failed, layer.descriptor.digest.description,
            reason: "the base deletes files of its lower layers, which ADD cannot reproduce",
            hint: "push the base to a registry and use it from there, so that the Dockerfile can use FROM")
        }
      }
      let suffix = packed.compression == .none ? "tar" : packed.compression == .gzip ? "tar.gz" : "tar.zst"
      let name = "base/\(number).\(suffix)"
      try Durable.makeDirectory(directory.appending("base"))
      let file = try OpenFile.creating(directory.appending(name))
      try packed.blob.forEachChunk { try file.write($0) }
      return .archive(name)
    }

    /// Exports one of opz's own layers: unpacked so that people can read it, or as a tar if COPY would lose owners or
    /// modes.
    func own(_ layer: VersionRecord.Layer, number: Int) throws -> Dockerfile.Source {
      if layer.role == "files" || layer.role == "environment" { return try archive(layer, number: number) }
      return try hasDefaultOwnership(layer) ? tree(layer, number: number) : archive(layer, number: number)
    }

    /// COPY makes root the owner of everything, including existing directories of the base, and drops setuid, setgid
    /// and sticky bits.
    private func hasDefaultOwnership(_ layer: VersionRecord.Layer) throws -> Bool {
      var isPlain = true
      let packed = try StoredLayer(layer.descriptor, try store.file(layer.descriptor), diffID: layer.diffID)
      try packed.forEachHeader { header, _ in
        if (header.uid, header.gid) != (0, 0) || header.mode & 0o7000 != 0 { isPlain = false }
      }
      return isPlain
    }

    private func archive(_ layer: VersionRecord.Layer, number: Int) throws -> Dockerfile.Source {
      let name = "layers/\(number)-\(layer.role).tar"
      try Durable.makeDirectory(directory.appending("layers"))
      let packed = try StoredLayer(layer.descriptor, try store.file(layer.descriptor), diffID: layer.diffID)
      let file = try OpenFile.creating(directory.appending(name))
      try packed.forEachTarChunk { try file.write($0) }
      return .archive(name)
    }

    private func tree(_ layer: VersionRecord.Layer, number: Int) throws -> Dockerfile.Source {
      let name = "layers/\(number)-\(layer.role)"
      let place = directory.appending(name)
      try Durable.makeDirectory(place)
      let packed = try StoredLayer(layer.descriptor, try store.file(layer.descriptor), diffID: layer.diffID)
      _ = try LayerUnpacker().unpack(LayerStack([packed]), into: place)
      return .tree(name, comment: layer.role == "config" ? "configuration" : layer.role)
    }
  }
}
