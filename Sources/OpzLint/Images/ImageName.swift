import OpzIO
import OpzOCI
import OpzYAML

/// An image name as a container runtime reads it, where the host is optional.
struct ImageName: Sendable {
  let tag: Substring?
  let digest: Digest?
  let name: Substring

  init(_ text: String) {
    var rest = text[...]
    if let at = rest.firstIndex(of: "@") {
      digest = Digest(String(rest[rest.index(after: at)...]))
      rest = rest[..<at]
    } else {
      digest = nil
    }
    if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
      tag = rest[rest.index(after: colon)...]
      rest = rest[..<colon]
    } else {
      tag = nil
    }
    name = rest
  }

  /// Whether different images may be pulled at different times, unless something resolves the name first.
  var moves: Bool { digest == nil && (tag == nil || tag == "latest") }

  /// What to do about a name without a host, which `opz resolve` leaves unchanged; nil for a name with one.
  var hint: String? {
    if let slash = name.firstIndex(of: "/"), Reference.namesHost(name[..<slash]) { return nil }
    return
      "write the registry (docker.io/library/nginx:1.27 for Docker Hub's nginx:1.27), then opz resolve -f FILE writes the digest"
  }

  /// The images of a workload, with their containers.
  static func all(of workload: Workload, _ set: ObjectSet) -> [(node: YAMLNode, text: String, container: LintContainer)]
  {
    workload.containers.compactMap { container in
      guard let node = container.node["image"], let text = node.text, !text.hasPrefix("opz://"),
        !set.replacedImages.contains(String(ImageName(text).name))
      else { return nil }
      return (node, text, container)
    }
  }
}
