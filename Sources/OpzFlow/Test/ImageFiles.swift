import OpzArchive
import OpzFormats
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// The files of images in a store.
enum ImageFiles {
  /// All layers of an image.
  static func stack(_ image: Image, in store: LayoutStore) throws -> LayerStack {
    LayerStack(
      try image.layers.map { try StoredLayer($0.descriptor, try store.file($0.descriptor), diffID: $0.diffID) })
  }

  /// Only the layers that opz built: model, code and configuration.
  static func stack(_ root: Descriptor, roles record: VersionRecord, in store: LayoutStore) async throws -> LayerStack {
    let image = try await store.image(root)
    let platform = image.config.platform
    let own = record.layers.count { $0.isOwn(on: platform) }
    return LayerStack(
      try image.layers.suffix(own).map {
        try StoredLayer($0.descriptor, try store.file($0.descriptor), diffID: $0.diffID)
      })
  }
}

extension ImageFiles {
  /// The variables of an image's configuration.
  static func environment(of image: Image) -> [String: String] {
    let pairs = (image.config.config?.env ?? []).map { line in
      (String(line.prefix { $0 != "=" }), String(line.drop { $0 != "=" }.dropFirst()))
    }
    return Dictionary(pairs) { $1 }
  }
}

extension ReadingOptions {
  /// How an image's server reads the model: its environment says it.
  /// - Throws: `ModelError.badOption` for a value that no opz writes.
  init(of image: Image) throws {
    try self.init(environment: ImageFiles.environment(of: image))
  }
}
