import OpzIO
import OpzOCI

extension VersionRecord {
  /// The first contradiction between the record and the image's documents; nil if they agree. What only the record says
  /// (roles, files, lineage) remains an unverified claim.
  public func contradiction(to image: ImageFacts) -> String? {
    if self.image.digest != image.root.digest { return "it is about the image \(self.image.digest)" }
    guard self.image.size == image.root.size, self.image.mediaType == image.root.mediaType else {
      return "it has another size or type for the image"
    }
    if content != image.content { return "its content is \(content), and the image's \(image.content)" }
    let platforms = image.images.map { $0.config.platform.normalized }
    guard self.platforms.map({ Platform($0)?.normalized }) == platforms else {
      let there = platforms.map(\.description).joined(separator: ", ")
      return "it is for \(self.platforms.joined(separator: ", ")), and the image for \(there)"
    }
    return annotationContradiction(to: image) ?? layerContradiction(to: image)
  }

  /// - Throws: `RegistryError.damaged` for a record that contradicts its image.
  public func require(agreementWith image: ImageFacts) throws {
    guard let reason = contradiction(to: image) else { return }
    throw RegistryError(
      .damaged, reference, reason: "the record contradicts its image: \(reason)",
      hint: "opz fsck names all such versions; take it from where it was made")
  }

  /// Compares name, number, commit and base with the annotations of manifests that opz created. Other tools' manifests
  /// may have none.
  private func annotationContradiction(to image: ImageFacts) -> String? {
    let said: [(key: String, what: String, own: String?)] = [
      ("title", "name", name), ("version", "number", version), ("base.digest", "base", runtime.baseDigest?.description),
      ("revision", "commit", lineage.git?.commit),
    ]
    for annotations in image.images.map({ $0.manifest.content.annotations ?? [:] }) {
      let isOwn = annotations[VersionRecord.annotation + "title"] != nil
      if isOwn, annotations[VersionRecord.annotation + "base.digest"] == nil,
        layers.contains(where: { $0.role == "runtime" })
      {
        return "it has layers of a base, and the image has none"
      }
      for (key, what, own) in said {
        let theirs = annotations[VersionRecord.annotation + key]
        if theirs == own || theirs == nil && !isOwn { continue }
        return "its \(what) is \(own ?? "none"), and the image's manifest has \(theirs ?? "none")"
      }
    }
    return nil
  }

  private static let annotation = "org.opencontainers.image."

  /// What the record and the image both say about a layer. In manifests that opz creates, Docker's media type becomes
  /// OCI's.
  private struct LayerFact: Equatable {
    let digest: Digest
    let size: UInt64
    let mediaType: MediaType
    let diffID: Digest

    init(_ descriptor: Descriptor, _ diffID: Digest) {
      digest = descriptor.digest
      size = descriptor.size
      mediaType = descriptor.mediaType == .dockerLayerTarGzip ? .layerTarGzip : descriptor.mediaType
      self.diffID = diffID
    }

    init(_ layer: VersionRecord.Layer) { self.init(layer.descriptor, layer.diffID) }
    init(_ layer: OpzOCI.Layer) { self.init(layer.descriptor, layer.diffID) }
  }

  /// The base's layers come first, each once for all platforms; then opz's own, in each image that they belong to.
  private func layerContradiction(to image: ImageFacts) -> String? {
    let base = layers.prefix { $0.role == "runtime" }
    let own = layers.dropFirst(base.count)
    if own.contains(where: { $0.role == "runtime" }) { return "layers of its base are above others" }
    var seen: Set<Digest> = []
    var below: [LayerFact] = []
    for one in image.images {
      let here = own.filter { $0.isPart(of: one.config.platform) }.map { LayerFact($0) }
      let there = one.layers.map { LayerFact($0) }
      guard there.count >= here.count, Array(there.suffix(here.count)) == here else {
        return "its layers are not those of the image for \(one.config.platform.normalized)"
      }
      for layer in there.dropLast(here.count) where seen.insert(layer.digest).inserted { below.append(layer) }
    }
    if let stray = own.first(where: { layer in !image.images.contains { layer.isPart(of: $0.config.platform) } }) {
      return "no image of it has the layer \(stray.descriptor.digest)"
    }
    guard base.map({ LayerFact($0) }) == below else {
      return "the layers of its base are not those below its own in the image"
    }
    return nil
  }
}
