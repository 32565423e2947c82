import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
public import SystemPackage

/// A base image with Debian's Python 3.11 and wheels for it, made by `scripts/test-base`.
public enum PythonBase {
  private static func place(_ file: String) -> FilePath {
    if let named = ProcessEnvironment.value("OPZ_TEST_BASE") { return FilePath(named) }
    return PackageRoot.path(file).appending(".build/test-base")
  }

  /// The directory of the wheels.
  public static func wheels(_ file: String = #filePath) throws -> FilePath {
    let path = place(file).appending("wheels")
    guard (try? FileStatus.of(path)) != nil else { throw MissingProgram("\(path)") }
    return path
  }

  /// Writes the base as an OCI layout.
  public static func write(to directory: FilePath, tag: String, _ file: String = #filePath) async throws {
    let tar = place(file).appending("rootfs.tar")
    guard (try? FileStatus.of(tar)) != nil else { throw MissingProgram("\(tar)") }
    let layout = try LayoutStore.create(directory)
    let layer = try await blocking {
      let writer = try layout.ingest()
      try FileBlob(tar).forEachChunk { try writer.write($0) }
      return try writer.commit(.layerTar)
    }
    var config = ImageConfig(platform: .linuxAMD64, created: nil, diffIDs: [layer.digest])
    var execution = ImageConfig.Execution()
    execution.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    config.config = execution
    let bytes = try CanonicalJSON.encode(config)
    let manifest = try Manifest(Manifest.Content(config: try layout.put(bytes, .imageConfig), layers: [layer]))
    try layout.put(manifest.raw, .imageManifest)
    try await layout.tag(manifest.descriptor, as: tag)
  }
}
