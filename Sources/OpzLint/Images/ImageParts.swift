import OpzIO
import OpzOCI
import OpzYAML

/// The scalars of a mapping that name an image together, which Helm charts combine to
/// `registry/repository:tag@digest`.
///
/// The keys are those of Bitnami's charts, ingress-nginx (`image` next to `registry`), cert-manager,
/// kube-prometheus-stack (`sha`), Istio (`hub`), and the older `imageTag`. Where charts interpret the parts
/// differently, nothing is written.
struct ImageParts {
  static let registries = ["registry", "imageRegistry", "hub"]
  static let names = ["repository", "image", "name", "repo", "imageRepository", "imageName"]
  static let tags = ["tag", "imageTag"]
  static let digests = ["digest", "imageDigest", "sha", "sha256", "imageSha"]
  /// Keys that contain the tag in some charts.
  private static let versions = ["version", "appVersion", "imageVersion", "image_tag", "tagSuffix"]

  let registry: YAMLNode?
  let name: YAMLNode
  /// Where a new name is written; nil to leave the name unchanged.
  let written: YAMLNode?
  let tag: YAMLNode?
  let digest: YAMLNode?
  /// Whether the digest is written without `sha256:`.
  let isBare: Bool
  /// Why charts may interpret the parts as another image.
  let doubt: (reason: String, hint: String)?

  /// Nil where the mapping does not name an image in parts.
  /// - Parameter key: the key of the mapping.
  /// - Parameter outer: the surroundings of the mapping.
  init?(_ node: YAMLNode, key: String?, _ outer: ImageFinder.Outer) {
    func scalar(_ keys: [String]) -> YAMLNode.Member? {
      node.members.first { keys.contains($0.key) && $0.value.isScalarOrNull }
    }
    let isNamed = key.map { ["image", "images"].contains($0) || $0.hasSuffix("Image") } ?? false
    let (tag, digest, registry) = (
      scalar(ImageParts.tags), scalar(ImageParts.digests), scalar(ImageParts.registries)
    )
    let found = node.members.filter { member in
      guard ImageParts.names.contains(member.key), let text = member.value.text, !text.isEmpty else { return false }
      return member.key != "name" || isNamed
    }
    // A container or a chart has its own name next to `image` or `repository`.
    let all = found.count > 1 ? found.filter { $0.key != "name" } : found
    guard let name = all.first, let text = name.value.text, !ImageParts.isTemplate(text) else { return nil }
    let version = scalar(ImageParts.versions)
    // `repository` alone may be a Git or chart repository.
    let isImage = name.key == "image" || isNamed || (name.key.hasPrefix("image") && (tag ?? digest) != nil)
    guard
      tag != nil || digest != nil || (isImage && name.key != "image" && ImageName(text).namesHost)
        || (name.key == "image" && registry != nil)
        || (name.key == "image" && version != nil && ImageName(text).isBare)
    else { return nil }
    if text.contains("://"), !text.hasPrefix(ImageUse.scheme) { return nil }
    self.registry = registry?.value
    self.name = name.value
    written = name.value
    self.tag = tag?.value
    self.digest = digest?.value
    isBare = digest.map { $0.key == "sha" || $0.key == "sha256" || $0.key == "imageSha" } ?? false
    doubt = ImageParts.doubt(all, tag, digest: digest, registry: registry, version: version, outer: outer)
  }

  /// Creates the parts of an entry of a kustomization's `images`.
  init(
    name: YAMLNode, written: YAMLNode?, tag: YAMLNode?, digest: YAMLNode?, doubt: (reason: String, hint: String)?
  ) {
    (registry, self.name, self.written, self.tag, self.digest) = (nil, name, written, tag, digest)
    (isBare, self.doubt) = (false, doubt)
  }

  static func isTemplate(_ text: String) -> Bool { text.contains("$") || text.contains("{{") }

  private static func doubt(
    _ names: [YAMLNode.Member], _ tag: YAMLNode.Member?, digest: YAMLNode.Member?, registry: YAMLNode.Member?,
    version: YAMLNode.Member?, outer: ImageFinder.Outer
  ) -> (String, String)? {
    let name = names[0].value.text ?? ""
    if name.hasPrefix(ImageUse.scheme) { return nil }
    if let part = [tag, digest, registry].compactMap({ $0 }).first(where: { $0.value.text.map(isTemplate) ?? false }) {
      return ("\(part.key) is a variable of another tool", "resolve the output of that tool")
    }
    if names.count > 1 {
      return ("\(names[0].key) and \(names[1].key) both name an image: charts differ in which one they use", "keep one")
    }
    let bare = ImageName(name)
    if bare.tag != nil, let tag {
      return ("\(names[0].key) has a tag, and there is also \(tag.key)", "keep one of the two")
    }
    if let text = tag?.value.text, tag?.value.isPlainScalar == true, isChangedByHelm(text) {
      return (
        "the tag \(text.prefix(40)) is a number or boolean for Helm, which writes it differently",
        "write \(tag?.key ?? "tag"): \"\(text.prefix(40))\""
      )
    }
    if let text = digest?.value.text, !text.isEmpty, hex(text) == nil {
      return ("\(digest?.key ?? "digest") is not a digest", "write sha256: and 64 digits, or leave it empty")
    }
    if tag?.value.text?.isEmpty ?? true, bare.tag == nil, bare.digest == nil {
      if let version { return ("it has no tag, and \(version.key) may be one", "write the tag") }
      if outer.hasTag { return ("it has no tag, but a global one may apply", "write the tag") }
    }
    return registryDoubt(name, registry, outer: outer)
  }

  private static func registryDoubt(
    _ name: String, _ registry: YAMLNode.Member?, outer: ImageFinder.Outer
  ) -> (String, String)? {
    let own = registry?.value.text ?? ""
    let hasHost = ImageName(name).namesHost
    if !own.isEmpty, hasHost {
      return ("\(registry?.key ?? "registry") and the name both have a registry", "keep one of the two")
    }
    guard let global = outer.registry, !global.isEmpty else { return nil }
    if hasHost || (!own.isEmpty && own != global) {
      return (
        "a global registry, \(global.prefix(80)), is also set: charts differ in which one they use",
        "keep one of the two, or render the chart first: helm template . | opz resolve -f -"
      )
    }
    return nil
  }

  /// Whether Helm changes a tag that is not quoted: it parses numbers as float64 and prints the shortest form, so
  /// `1.10` becomes `1.1`, `1.0` becomes `1`, and `20240101` becomes `2.0240101e+07`.
  static func isChangedByHelm(_ text: String) -> Bool {
    if YAMLScalar.flag(text) != nil { return true }
    if let number = YAMLScalar.integer(text) { return String(number) != text || number.magnitude >= 1_000_000 }
    guard let first = text.utf8.first, (43...57).contains(first), let number = Double(text.filter { $0 != "_" }) else {
      return false
    }
    return number == number.rounded() || "\(number)" != text || text.contains("e")
  }

  /// The hexadecimal digits of a digest, with or without its algorithm; nil for invalid text.
  static func hex(_ text: String) -> Substring? {
    let digits = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
    return Digest("sha256:" + digits) == nil ? nil : digits
  }
}

extension YAMLNode {
  fileprivate var isScalarOrNull: Bool {
    if case .scalar = content { return true }
    return false
  }

  var isPlainScalar: Bool {
    if case .scalar(_, true) = content { return true }
    return false
  }
}

extension ImageName {
  /// Whether the name has neither a tag nor a digest.
  var isBare: Bool { tag == nil && digest == nil }

  /// Whether the first component is a host.
  var namesHost: Bool { name.firstIndex(of: "/").map { Reference.namesHost(name[..<$0]) } ?? false }
}
