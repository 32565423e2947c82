import OpzIO
public import OpzOCI
public import OpzStore
public import SystemPackage

/// The image `opz-runtime`, the base of native images: only the statically linked `opz-server`.
public enum RuntimeImage {
  /// Builds the image of a server program in a store.
  /// - Parameter labels: what the program reads.
  /// - Throws: `PackageError.badRuntime` if the file is not a static ELF program.
  public static func build(from server: FilePath, labels: [String: String] = [:], in store: LayoutStore) async throws
    -> Image
  {
    let platform = try StaticProgram.platform(of: server)
    let blob = try FileBlob(server)
    let layer = try await blocking { try ProgramLayer.write(blob, as: "opz-server", in: store) }
    let scratch = try Image.scratch(platform)
    var execution = scratch.config.config ?? ImageConfig.Execution()
    execution.user = RuntimeSettings.defaultUser
    execution.entrypoint = ["/opz-server"]
    execution.exposedPorts = ["8080/tcp": ImageConfig.Empty()]
    execution.stopSignal = "SIGTERM"
    if !labels.isEmpty { execution.labels = labels }
    let image = try scratch.appending(
      Image.Change(
        layers: [layer], history: ["opz: opz-server"], execution: execution,
        created: Timestamp(milliseconds: 0).seconds,
        annotations: ["org.opencontainers.image.title": "opz-runtime"]))
    try store.put(image.configBytes, .imageConfig)
    try store.put(image.manifest.raw, .imageManifest)
    return image
  }
}
