import OpzIO
public import OpzOCI
public import OpzStore

/// The manifests and configurations of an image, verified by their digests. Records are compared with them, and scans
/// walk them, because a record is an unverified claim.
public struct ImageFacts: Sendable {
  /// The image's manifest, or the index of several.
  public let root: Descriptor
  /// One per platform, in the order of the index.
  public let images: [Image]

  /// The most images in an index; opz.yaml lists a few platforms.
  private static let most = 64
  /// In bytes, of all documents together.
  private static let limit = 64 << 20

  /// Reads an image's documents, verified.
  /// - Throws: what `source` throws; `RegistryError.damaged` for an index that contains anything but images.
  public static func of(_ root: Descriptor, in source: some ContentReader) async throws -> ImageFacts {
    var manifests = [root]
    if root.mediaType.isIndex { manifests = try entries(of: try await source.index(root)) }
    var budget = limit
    var images: [Image] = []
    for descriptor in manifests {
      let manifest = try await source.manifest(descriptor)
      let config = try ImageFacts.config(of: manifest, &budget)
      images.append(try Image(manifest: manifest, configBytes: await source.bytes(config, limit: ImageConfig.limit)))
    }
    return ImageFacts(root: root, images: images)
  }

  /// Reads an image's documents in a store, verified. It blocks.
  /// - Throws: as `of`; `StoreError.notFound` if one is missing.
  public init(_ root: Descriptor, in store: LayoutStore) throws {
    func read(_ descriptor: Descriptor, limit: Int = Document.limit) throws -> [UInt8] {
      let bytes = try store.content(descriptor, limit: limit)
      try Verification.check(bytes, against: descriptor)
      return bytes
    }
    var manifests = [root]
    if root.mediaType.isIndex {
      manifests = try ImageFacts.entries(
        of: Index(raw: read(root), mediaType: root.mediaType, subject: "\(root.digest)"))
    }
    var budget = ImageFacts.limit
    images = try manifests.map { descriptor in
      let manifest = try Manifest(
        raw: read(descriptor), mediaType: descriptor.mediaType, subject: "\(descriptor.digest)")
      let config = try ImageFacts.config(of: manifest, &budget)
      return try Image(manifest: manifest, configBytes: read(config, limit: ImageConfig.limit))
    }
    self.root = root
  }

  private init(root: Descriptor, images: [Image]) {
    self.root = root
    self.images = images
  }

  private static func entries(of index: Index) throws -> [Descriptor] {
    let entries = index.content.manifests
    let subject = "\(index.descriptor.digest)"
    guard entries.count <= most else {
      throw RegistryError(.damaged, subject, reason: "the index has \(entries.count) manifests, and \(most) are read")
    }
    if let other = entries.first(where: { !$0.mediaType.isManifest }) {
      throw RegistryError(
        .damaged, subject, reason: "the index names \(other.digest), which is not the manifest of an image")
    }
    return entries
  }

  private static func config(of manifest: Manifest, _ budget: inout Int) throws -> Descriptor {
    let config = manifest.content.config
    let subject = "\(manifest.descriptor.digest)"
    guard config.mediaType.isImageConfig else {
      throw RegistryError(.damaged, subject, reason: "it is not an image: its config has the type \(config.mediaType)")
    }
    let size = UInt64(manifest.raw.count).addingReportingOverflow(config.size)
    guard !size.overflow, size.partialValue <= UInt64(budget) else {
      throw RegistryError(.damaged, subject, reason: "the image's documents are more than \(limit) bytes")
    }
    budget -= Int(size.partialValue)
    return config
  }

  /// The layers of all platforms' images, each once, in the order of the images.
  public var layers: [Layer] {
    var seen: Set<Digest> = []
    return images.flatMap(\.layers).filter { seen.insert($0.descriptor.digest).inserted }
  }

  /// The identity of the content: the config's digest; for several platforms, the digest of their digests, one per
  /// line.
  var content: Digest {
    let configs = images.map { $0.manifest.content.config.digest }
    return configs.count == 1 ? configs[0] : .of(Array(configs.map { "\($0)\n" }.joined().utf8))
  }
}
