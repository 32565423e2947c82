import OpzArchive
public import OpzIO
public import OpzOCI
public import OpzStore

/// Builds images into an OCI layout, without a daemon and without root.
///
/// Layers come first, each in one pass over its files; then the images, when the layers' digests are known.
public struct ImageBuilder: Sendable {
  private let store: LayoutStore
  private let cache: LayerCache
  private let progress: any ProgressSink

  /// Creates a builder that writes blobs to `store`, reuses the layers in `cache`, and reports to `progress`.
  public init(store: LayoutStore, cache: LayerCache, progress: any ProgressSink) {
    self.store = store
    self.cache = cache
    self.progress = progress
  }

  /// Writes the layers that are not cached, an uncompressed and a compressed one at the same time: the first is bound
  /// by the disk, the second by the CPU. Each finished layer is recorded at once, so that a killed build resumes with
  /// the remaining ones.
  /// - Throws: `StoreError.noSpace` before anything is written, if the disk cannot hold the uncompressed layers.
  public func write(_ layers: [PlannedLayer]) async throws -> WrittenContent {
    let cache = cache
    let found = try await blocking { try layers.map { try cache.find($0) } }
    let missing = zip(layers, found).filter { $0.1 == nil }.map(\.0)
    let certain = missing.filter { $0.compression == .none }.reduce(UInt64(0)) { $0 &+ $1.size }
    try FreeSpace.require(certain, at: store.root)
    if let seconds = cache.speed.seconds(missing), seconds >= 5 {
      progress.report(.note("writing layers will take about \(Int(seconds)) s"))
    }
    let absent = layers.indices.filter { found[$0] == nil }
    async let stored = write(layers, absent.filter { layers[$0].compression == .none })
    async let compressed = write(layers, absent.filter { layers[$0].compression != .none })
    let written = try await stored.merging(compressed) { one, _ in one }
    try await blocking { try cache.save() }
    var content = WrittenContent()
    for (index, plan) in layers.enumerated() {
      if let found = found[index] {
        progress.report(.started(item: plan.title, total: plan.size))
        progress.report(.finished(item: plan.title, outcome: .existed))
        content.entries.append(
          WrittenContent.Entry(plan: plan, layer: found.layer, compressor: found.compressor, digests: found.digests))
      } else if let entry = written[index] {
        content.entries.append(entry)
      }
    }
    return content
  }

  /// Writes these layers, one after the other.
  private func write(_ layers: [PlannedLayer], _ indices: [Int]) async throws -> [Int: WrittenContent.Entry] {
    var written: [Int: WrittenContent.Entry] = [:]
    for index in indices {
      try Task.checkCancellation()
      written[index] = try await write(layers[index])
    }
    return written
  }

  private func write(_ plan: PlannedLayer) async throws -> WrittenContent.Entry {
    let (item, progress, store, cache) = (plan.title, progress, store, cache)
    return try await blocking {
      let began = Timestamp.now()
      let clock = ContinuousClock.now
      let (content, digests) = try plan.content()
      progress.report(.started(item: item, total: content.tarSize))
      var writer = try store.ingest(expecting: plan.compression == .none ? content.tarSize : nil)
      writer.trustProducersDigest()
      let written = try LayerWriter.write(content, plan.compression, to: &writer) { bytes in
        progress.report(.advanced(item: item, bytes: bytes))
      }
      try writer.commit(as: written.descriptor)
      let layer = Layer(descriptor: written.descriptor, diffID: written.diffID)
      let found = digests.all
      if plan.size >= WritingSpeed.least { try cache.observe(plan, clock.duration(to: .now)) }
      try cache.remember(layer, written.compression.identity, of: plan, digests: found, began: began)
      progress.report(.finished(item: item, outcome: .done))
      return WrittenContent.Entry(plan: plan, layer: layer, compressor: written.compression.identity, digests: found)
    }
  }

  /// The images, one per base.
  /// - Parameter own: the layers above the base's, in order.
  public func images(_ plan: ImagePlan, _ own: [ImageLayer]) throws -> [Image] {
    try plan.bases.map { base in
      let own = own.filter { $0.platform == nil || $0.platform == base.platform }
      return try base.image.appending(
        Image.Change(
          layers: own.map(\.layer), history: own.map(\.history),
          execution: plan.settings.applied(to: base.image.config.config), created: plan.created.seconds,
          annotations: plan.annotations, platform: base.platform))
    }
  }

  /// Stores images, and an index if there are several.
  /// - Returns: the descriptor of the image, or of the index.
  public func store(_ images: [Image]) throws -> Descriptor {
    for image in images {
      try store.put(image.configBytes, .imageConfig)
      try store.put(image.manifest.raw, image.manifest.descriptor.mediaType)
    }
    guard images.count != 1 else { return images[0].manifest.descriptor }
    let entries = images.map { image in
      var descriptor = image.manifest.descriptor
      descriptor.platform = image.config.platform
      return descriptor
    }
    let index = try Index(Index.Content(manifests: entries, annotations: images.first?.manifest.content.annotations))
    try store.put(index.raw, .imageIndex)
    return index.descriptor
  }

  /// The identity of the content: the digest of the image's config, or of several config digests, one per line.
  public static func content(of images: [Image]) -> Digest {
    let configs = images.map { $0.manifest.content.config.digest }
    return configs.count == 1 ? configs[0] : Digest.of(Array(configs.map { "\($0)\n" }.joined().utf8))
  }
}

/// Stored layers with the digests of their files.
public struct WrittenContent: Sendable {
  /// A planned layer, the layer that was written for it, and the compressor that wrote it.
  public struct Entry: Sendable {
    public let plan: PlannedLayer
    public let layer: Layer
    public let compressor: String
    /// Digests of the plan's entries, in order; nil for an entry that is not a file, and for a file that is alone in
    /// its layer.
    public let digests: [Digest?]
  }

  public var entries: [Entry] = []

  public var layers: [ImageLayer] {
    entries.map { ImageLayer(layer: $0.layer, history: "opz: \($0.plan.title)", platform: $0.plan.platform) }
  }
}
