import OpzArchive
public import OpzIO
public import OpzOCI
public import OpzStore

/// Builds images into an OCI layout, without a daemon and without root.
///
/// Layers first, each in one pass over its files; then, when their digests are facts, the images that hold them.
public struct ImageBuilder: Sendable {
  private let store: LayoutStore
  private let progress: any ProgressSink

  public init(store: LayoutStore, progress: any ProgressSink) {
    self.store = store
    self.progress = progress
  }

  /// Writes the layers.
  /// - Throws: `StoreError.noSpace` before anything is written, where the disk cannot hold the uncompressed ones.
  public func write(_ layers: [PlannedLayer]) async throws -> WrittenContent {
    var content = WrittenContent()
    let prepared = try layers.map { ($0, try $0.content()) }
    let certain = prepared.filter { $0.0.compression == .none }.reduce(UInt64(0)) { $0 &+ $1.1.content.tarSize }
    try FreeSpace.require(certain, at: store.root)
    for (plan, (tar, digests)) in prepared {
      let written = try await write(tar, plan)
      let found = Dictionary(
        plan.files.compactMap { file in digests[file.destination].map { (file.destination, $0) } },
        uniquingKeysWith: { one, _ in one })
      content.entries.append(
        WrittenContent.Entry(
          plan: plan, layer: Layer(descriptor: written.descriptor, diffID: written.diffID),
          compressor: written.compression.identity, digests: found))
    }
    return content
  }

  private func write(_ content: LayerContent, _ plan: PlannedLayer) async throws -> WrittenLayer {
    let (item, progress, store) = (plan.title, progress, store)
    progress.report(.started(item: item, total: content.tarSize))
    let written = try await blocking {
      var writer = try store.ingest(expecting: plan.compression == .none ? content.tarSize : nil)
      writer.trustProducersDigest()
      let written = try LayerWriter.write(content, plan.compression, to: &writer) { bytes in
        progress.report(.advanced(item: item, bytes: bytes))
      }
      try writer.commit(as: written.descriptor)
      return written
    }
    progress.report(.finished(item: item, outcome: .done))
    return written
  }

  /// The images, one a base.
  public func images(_ plan: ImagePlan, _ content: WrittenContent) throws -> [Image] {
    try plan.bases.map { base in
      try base.image.appending(
        Image.Change(
          layers: content.layers, history: content.entries.map { "opz: \($0.plan.title)" },
          execution: plan.settings.applied(to: base.image.config.config), created: plan.created.seconds,
          annotations: plan.annotations))
    }
  }

  /// Stores images, and an index where there are several.
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

  /// The identity of the content: the config's digest; of several, the digest of theirs, a line each.
  public static func content(of images: [Image]) -> Digest {
    let configs = images.map { $0.manifest.content.config.digest }
    return configs.count == 1 ? configs[0] : Digest.of(Array(configs.map { "\($0)\n" }.joined().utf8))
  }
}
