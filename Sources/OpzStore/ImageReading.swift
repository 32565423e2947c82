import OpzIO
public import OpzOCI

extension ContentReader {
  /// Reads the configuration of a manifest's image and refuses one that readers interpret differently. A missing one
  /// is left for other checks to report.
  /// - Throws: `OCIError`, or what reading throws.
  public func checkConfig(of manifest: Manifest) async throws {
    let config = manifest.content.config
    guard config.mediaType.isImageConfig else { return }
    do {
      try ImageConfig.check(await bytes(config, limit: ImageConfig.limit), subject: config.digest.description)
    } catch let error as any ExplainedError where error.category == .notFound {
      return
    }
  }

  /// Reads the image that a manifest's descriptor points to, or the image of an index for `platform`.
  /// - Throws: an error of category `notFound` when an index has none for the platform.
  public func image(_ descriptor: Descriptor, platform: Platform = .host) async throws -> Image {
    guard descriptor.mediaType.isIndex else { return try await image(manifest: descriptor) }
    let index = try await index(descriptor)
    guard let (_, image) = try await choose(platform, from: index) else {
      throw StoreError(
        .notFound, descriptor.digest.description, reason: "no image for \(platform)",
        hint: "the index has \(index.platforms)")
    }
    return image
  }

  /// Returns the image of an index that runs best on a platform, in containerd's order (`Platform.rank`), with its
  /// descriptor in the index; nil when none runs there.
  public func choose(_ platform: Platform, from index: Index) async throws -> (descriptor: Descriptor, image: Image)? {
    for candidate in index.manifests(for: platform) {
      let image = try await image(manifest: candidate)
      // For an entry without a platform, its configuration decides.
      guard candidate.platform == nil, platform.rank(of: image.config.platform) == nil else {
        return (candidate, image)
      }
    }
    return nil
  }

  private func image(manifest descriptor: Descriptor) async throws -> Image {
    let manifest = try await manifest(descriptor)
    return try Image(manifest: manifest, configBytes: await bytes(manifest.content.config))
  }
}
