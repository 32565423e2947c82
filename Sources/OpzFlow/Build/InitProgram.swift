import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import OpzRegistry
import OpzWorkerFiles

/// opz-init in images whose command is the user's own: as process 1 it passes signals on and reaps orphans.
enum InitProgram {
  /// Where it is in an image.
  static let path = "/opz-init"

  /// Whether a project's images have it. One for a processor that it is not compiled for goes without, unless opz.yaml asks
  /// for it.
  static func isIn(_ config: ProjectConfig) -> Bool {
    guard config.runtime.hasInit else { return false }
    return config.runtime.startsInit == true
      || config.platforms.allSatisfy { WorkerFiles.initProgram(architecture: $0.normalized.architecture) != nil }
  }

  /// The layers with opz-init, one for each platform.
  /// - Throws: `FlowError` of category `failed` for a processor that it is not compiled for.
  static func layers(_ platforms: [Platform], in registry: Registry) async throws -> [PlannedLayer] {
    let store = registry.store
    return try await blocking {
      try platforms.map { platform in
        guard let bytes = WorkerFiles.initProgram(architecture: platform.normalized.architecture) else {
          throw FlowError(
            .failed, "platforms: \(platform)", reason: "there is no opz-init for this processor",
            hint: "write init: false below runtime in opz.yaml; the command is process 1 then")
        }
        let layer = try ProgramLayer.write(BytesBlob(bytes), as: "opz-init", in: store)
        let source = LayerSource.StoredSource(layer, title: "opz-init", compressor: ProgramLayer.compression.identity)
        return PlannedLayer(
          role: .server, source: .stored(source), compression: ProgramLayer.compression,
          platform: platforms.count > 1 ? platform : nil)
      }
    }
  }
}
