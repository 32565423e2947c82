import OpzIO
import OpzOCI
import OpzRegistry

/// What a manifest says of its image (OCI image-spec, annotations.md). It is of the manifest and not of the config, because it varies
/// without the content.
enum ImageAnnotations {
  private static let prefix = "org.opencontainers.image."

  static func make(
    _ name: ModelName, _ version: SemanticVersion, created: Timestamp, _ lineage: Lineage, _ bases: BaseImages
  ) -> [String: String] {
    var result = [
      prefix + "title": name.description, prefix + "version": version.description, prefix + "created": created.seconds,
    ]
    result[prefix + "revision"] = lineage.git?.commit
    result[prefix + "source"] = lineage.git?.remote
    result[prefix + "base.digest"] = bases.digest?.description
    if let base = bases.name, let reference = try? Reference(parsing: base) {
      result[prefix + "base.name"] = reference.description
    }
    return result
  }
}
