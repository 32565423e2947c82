import OpzIO
import OpzOCI
import OpzPackage
import OpzRegistry
import OpzStore

/// The ModelPack artifact of a version without a runtime: the image's own layers, described by the CNCF model spec.
enum ModelPackArtifact {
  /// Its key in a record's `artifacts`, and the suffix of its tag.
  static let name = "modelpack"

  /// Stores the artifact's config and manifest; its layers are already stored.
  static func store(
    _ written: WrittenContent, _ description: ModelPack.Description, annotations: [String: String],
    in store: LayoutStore
  ) throws -> Descriptor {
    let layers = written.entries.map { entry in
      ModelPack.Part(layer: entry.layer, content: content(entry.plan.role), path: path(entry.plan))
    }
    let config = try store.put(try ModelPack.config(description, layers), ModelPack.configType)
    let manifest = try ModelPack.manifest(config: config, layers, annotations: annotations)
    try store.put(manifest.raw, .imageManifest)
    return manifest.descriptor
  }

  private static func content(_ role: LayerRole) -> ModelPack.Content {
    switch role {
    case .config: .weightConfig
    case .code, .environment, .runtime, .server: .code
    case .model: .weight
    case .files: .dataset
    }
  }

  private static func path(_ layer: PlannedLayer) -> String {
    let files = layer.source.files
    return files.count == 1 ? files[0].destination.string : layer.role.root
  }
}
