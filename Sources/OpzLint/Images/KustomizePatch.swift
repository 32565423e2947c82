import OpzYAML

/// A patch inside a kustomization: `patches[].patch`, `patchesJson6902[].patch`, or an entry of
/// `patchesStrategicMerge`.
struct KustomizePatch {
  static let doubt = (
    reason: "it is in the text of a patch, which is not changed",
    hint: "pin it there by hand, or move the patch to its own file"
  )

  let node: YAMLNode
  private let text: String

  static func all(in kustomization: YAMLNode) -> [KustomizePatch] {
    let entries = (kustomization["patches"]?.list ?? []) + (kustomization["patchesJson6902"]?.list ?? [])
    let nodes = entries.compactMap { $0["patch"] } + (kustomization["patchesStrategicMerge"]?.list ?? [])
    // A file name is one line without a colon followed by a space.
    return nodes.compactMap { node in node.text.map { KustomizePatch(node: node, text: $0) } }
      .filter { $0.text.contains("\n") || $0.text.contains(": ") || $0.text.hasPrefix("[") || $0.text.hasPrefix("{") }
  }

  /// The images in the patch; empty where it is not a document.
  var images: [(asked: String, isPinned: Bool, place: Place)] {
    guard let roots = try? YAMLReader.read(text, .manifests, lines: 0) else { return [] }
    var found: [(asked: String, isPinned: Bool, place: Place)] = []
    for root in roots {
      if root.list.isEmpty {
        var finder = ImageFinder(Array(text.utf8))
        finder.object(root)
        found += finder.uses.map { ($0.asked, $0.isPinned, $0.place) }
      } else {
        found += root.list.compactMap(KustomizePatch.operation)
      }
    }
    return found
  }

  /// The image in a JSON Patch operation (RFC 6902): `{op: replace, path: /spec/template/spec/containers/0/image,
  /// value: r.example/x:1}`.
  private static func operation(_ node: YAMLNode) -> (asked: String, isPinned: Bool, place: Place)? {
    guard let path = node["path"]?.text, path.hasSuffix("/image"), let value = node["value"], let text = value.text,
      !text.isEmpty
    else { return nil }
    return (text, ImageName(text).digest != nil, value.place)
  }
}
