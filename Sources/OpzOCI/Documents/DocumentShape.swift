public import OpzJSON

/// The complete members that the specifications define for image documents, including those that opz ignores:
/// container tools read them.
extension JSONShape {
  /// A manifest or an index (OCI image-spec, manifest.md and image-index.md; Docker's image manifest version 2). A
  /// single shape, because a document whose `Manifests` only some readers find is ambiguous too.
  public static let manifestOrIndex = JSONShape.object(
    ["schemaVersion", "annotations", "fsLayers", "signatures", "history", "name", "tag", "architecture"],
    [
      .init("mediaType", .name), .init("artifactType"), .init("config", .descriptor), .init("subject", .descriptor),
      .init("layers", .list(.descriptor)), .init("manifests", .list(.descriptor)),
    ])

  /// A descriptor (OCI image-spec, descriptor.md).
  public static let descriptor = JSONShape.object(
    ["digest", "size", "urls", "annotations", "data", "artifactType"],
    [.init("mediaType", .name), .init("platform", .platform)])

  static let platform = JSONShape.object([
    "architecture", "os", "os.version", "os.features", "variant", "features",
  ])

  /// The configuration of an image (OCI image-spec, config.md, and Docker's additional members).
  public static let imageConfig = JSONShape.object(
    [
      "created", "author", "architecture", "os", "os.version", "os.features", "variant", "id", "parent", "comment",
      "container", "docker_version", "Size", "moby.buildkit.buildinfo.v1", "moby.buildkit.cache.v0",
    ],
    [
      .init("config", execution), .init("container_config", execution),
      .init("rootfs", .object(["type", "diff_ids", "base_layer"])),
      .init("history", .list(.object(["created", "created_by", "author", "comment", "empty_layer"]))),
    ])

  private static let execution = JSONShape.object(
    [
      "Hostname", "Domainname", "User", "AttachStdin", "AttachStdout", "AttachStderr", "ExposedPorts", "PortSpecs",
      "Tty", "OpenStdin", "StdinOnce", "Env", "Cmd", "ArgsEscaped", "Image", "Volumes", "WorkingDir", "Entrypoint",
      "NetworkDisabled", "MacAddress", "OnBuild", "Labels", "StopSignal", "StopTimeout", "Shell", "Memory",
      "MemorySwap", "CpuShares", "Cpuset",
    ],
    [
      .init("Healthcheck", .object(["Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"]))
    ])

  /// The file `oci-layout` (OCI image-spec, image-layout.md).
  public static let layoutMarker = JSONShape.object(["imageLayoutVersion"])

  /// The file `manifest.json` of a `docker save` archive.
  public static let dockerArchive = JSONShape.list(
    .object(["Config", "RepoTags", "Layers", "Parent"], [.init("LayerSources", .map(.descriptor))]))
}
