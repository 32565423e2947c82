public import OpzOCI

extension ContentReader {
  /// The image that a manifest's descriptor points to; of an index, the image for `platform`.
  /// - Throws: an error of category `notFound` when an index has none for the platform.
  public func image(_ descriptor: Descriptor, platform: Platform = .host) async throws -> Image {
    guard descriptor.mediaType.isIndex else {
      let manifest = try await manifest(descriptor)
      return try Image(manifest: manifest, configBytes: await bytes(manifest.content.config))
    }
    let index = try await index(descriptor)
    guard let chosen = index.manifest(for: platform) else {
      let there = index.content.manifests.compactMap { $0.platform?.description }.joined(separator: ", ")
      throw StoreError(
        .notFound, descriptor.digest.description, "no image for \(platform)", hint: "the index has \(there)")
    }
    return try await image(chosen, platform: platform)
  }
}
