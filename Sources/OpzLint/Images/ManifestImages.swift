public import OpzYAML

/// The images in a text of manifests, kustomizations or Helm values. Only the scalars that name images are ever
/// rewritten.
public struct ManifestImages: Sendable {
  /// The images in the order of the text, one per source location.
  public let uses: [ImageUse]
  /// The image names that a kustomization in the text replaces.
  public let replaced: Set<String>

  /// Finds the images in a text.
  /// - Throws: `YAMLProblem` for text that cannot be read.
  public init(_ bytes: [UInt8]) throws(YAMLProblem) {
    let stream = try YAMLStream(bytes)
    var finder = ImageFinder(bytes)
    for part in stream.parts {
      finder.begin(part)
      do throws(YAMLProblem) {
        for root in try YAMLReader.read(stream.text(part), .manifests, lines: 0) { finder.document(root) }
      } catch {
        let place = Place(line: error.place.line + part.lines, column: error.place.column)
        throw YAMLProblem(place, error.reason, hint: error.hint)
      }
    }
    var seen: Set<Place> = []
    uses = finder.uses.filter { seen.insert($0.place).inserted }
    replaced = finder.replaced
  }

  /// Whether the text is a Helm template, which has no images until it is rendered.
  public static func isTemplate(_ bytes: [UInt8]) -> Bool { HelmTemplate.isTemplate(bytes) }
}
