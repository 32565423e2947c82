import OpzIO
public import OpzOCI

extension ContentReader {
  /// Reads the configuration of a manifest's image, and refuses one that others read differently. One that is not there is somebody else's to miss.
  public func checkConfig(of manifest: Manifest) async throws {
    let config = manifest.content.config
    guard config.mediaType.isImageConfig else { return }
    do {
      try ImageConfig.check(await bytes(config, limit: ImageConfig.limit), subject: config.digest.description)
    } catch let error as any ExplainedError where error.category == .notFound {
      return
    }
  }

  /// The image that a manifest's descriptor points to; of an index, the image for `platform`.
  /// - Throws: an error of category `notFound` when an index has none for the platform.
  public func image(_ descriptor: Descriptor, platform: Platform = .host) async throws -> Image {
    guard descriptor.mediaType.isIndex else { return try await image(manifest: descriptor) }
    let index = try await index(descriptor)
    guard let (_, image) = try await choose(platform, from: index) else {
      throw StoreError(
        .notFound, descriptor.digest.description, "no image for \(platform)",
        hint: "the index has \(index.platforms)")
    }
    return image
  }

  /// The image of an index that runs best on a platform, in containerd's order (`Platform.rank`), with the index's descriptor of it; nil where
  /// none does.
  public func choose(_ platform: Platform, from index: Index) async throws -> (descriptor: Descriptor, image: Image)? {
    for candidate in index.manifests(for: platform) {
      let image = try await image(manifest: candidate)
      // One that says nothing of its platform is what its configuration says.
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
