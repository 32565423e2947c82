import OpzIO
import OpzOCI
import OpzRegistry

/// The annotations of an image's manifest (OCI image-spec, annotations.md). They are not in the config, because they
/// can change while the content stays the same.
enum ImageAnnotations {
  private static let prefix = "org.opencontainers.image."

  static func make(
    _ name: ModelName, _ version: SemanticVersion, created: Timestamp, lineage: Lineage, bases: BaseImages
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
