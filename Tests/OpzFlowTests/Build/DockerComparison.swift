import OpzArchive
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

/// Compares `docker build` of a version's generated Dockerfile with the version's own image.
enum DockerComparison {
  /// Expects the same files (names, types, contents, modes, owners, links) and the same settings.
  /// - Returns: the files of opz's image.
  static func check(_ version: Registry.Version, of project: Project) async throws -> FileTree {
    let root = project.directory.path
    let context = root.appending("context")
    let registry = try project.registry()
    _ = try await DockerfileExport(version, in: project.session).write(to: context, from: registry)
    // Packaged with tag `ours` into ours.tar.
    let archive = root.appending("ours.tar")

    let engine = try await DockerEngine()
    let built = try await engine.docker("build", "-q", "-t", "theirs", context.string)
    try #require(built.status == 0, "\(built.errorText)\(built.text)")
    let loaded = try await engine.docker("load", "-i", archive.string)
    try #require(loaded.status == 0, "\(loaded.errorText)")
    let saved = try await engine.docker("save", "-o", "\(root)/theirs.tar", "theirs")
    try #require(saved.status == 0, "\(saved.errorText)")

    let settings =
      "{{json .Config.Env}}{{json .Config.Entrypoint}}{{json .Config.Cmd}}{{.Config.User}}{{.Config.WorkingDir}}"
      + "{{json .Config.ExposedPorts}}{{json .Config.Volumes}}{{.Config.StopSignal}}"
    let ours = try await engine.docker("inspect", "-f", settings, "\(version.name):ours")
    let theirs = try await engine.docker("inspect", "-f", settings, "theirs")
    #expect(ours.status == 0)
    #expect(ours.text == theirs.text)

    let copied = try ChildProcess.run([
      "skopeo", "copy", "-q", "docker-archive:\(root)/theirs.tar", "oci:\(root)/theirs:t",
    ])
    try #require(copied.status == 0, "\(copied.errorText)")
    let layout = try LayoutStore.open(root.appending("theirs"))
    let mine = try await tree(version.record.image, registry.store)
    let other = try await tree(try await layout.resolve("t"), layout)
    #expect(mine.differences(from: other) == [])
    return mine
  }

  private static func tree(_ descriptor: Descriptor, _ store: LayoutStore) async throws -> FileTree {
    let image = try await store.image(descriptor)
    let layers = try image.layers.map {
      try StoredLayer($0.descriptor, try store.file($0.descriptor), diffID: $0.diffID)
    }
    return try await blocking { try LayerStack(layers).tree() }
  }
}
