import OpzIO
import OpzYAML

/// Walks the nodes of a document and finds everything that names an image.
struct ImageFinder {
  private let bytes: [UInt8]
  private var starts: [Int] = []
  private var lines = 0
  private var last = (place: Place(line: 0, column: 0), index: 0)
  private(set) var uses: [ImageUse] = []
  private(set) var replaced: Set<String> = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Starts a part of the stream, in which the next documents are.
  mutating func begin(_ part: YAMLStream.Part) {
    lines = part.lines
    last = (Place(line: 0, column: 0), 0)
    starts = [part.range.lowerBound]
    var index = part.range.lowerBound
    while index < part.range.upperBound {
      let width = ImageFinder.lineBreak(bytes, index, end: part.range.upperBound)
      index += max(1, width)
      if width > 0 { starts.append(index) }
    }
  }

  /// libyaml ends a line at CR, LF, CR LF, NEL (U+0085), LS and PS (U+2028, U+2029).
  private static func lineBreak(_ bytes: [UInt8], _ index: Int, end: Int) -> Int {
    func next(_ offset: Int) -> UInt8? { index + offset < end ? bytes[index + offset] : nil }
    switch bytes[index] {
    case 0x0a: return 1
    case 0x0d: return next(1) == 0x0a ? 2 : 1
    case 0xc2: return next(1) == 0x85 ? 2 : 0
    case 0xe2: return next(1) == 0x80 && (next(2) == 0xa8 || next(2) == 0xa9) ? 3 : 0
    default: return 0
    }
  }

  /// The surroundings of a mapping that may change which image it means.
  struct Outer {
    /// Helm's `global.imageRegistry` and similar values.
    var registry: String?
    /// Helm's `global.imageTag` and similar values.
    var hasTag = false
    /// Whether the mapping is in a Kubernetes object, which names its images completely, unlike Helm values.
    var isObject = false
  }

  mutating func document(_ root: YAMLNode) {
    let kind = root["kind"]?.text
    if kind == "Kustomization" || kind == "Component" || (kind == nil && root["resources"]?.list.isEmpty == false) {
      let suffixed = root["images"]?.list ?? []
      for item in suffixed { kustomize(item) }
      for chart in root["helmCharts"]?.list ?? [] { visit(chart["valuesInline"]) }
      for patch in KustomizePatch.all(in: root) { patched(patch) }
      return
    }
    visit(root, isObject: kind != nil && root["apiVersion"] != nil)
  }

  /// Visits a document whose images are listed only and not rewritten.
  mutating func object(_ root: YAMLNode) {
    starts = [0] + bytes.indices.filter { bytes[$0] == 0x0a }.map { $0 + 1 }
    visit(root, isObject: true)
  }

  /// Visits the nodes in document order, without recursion, so that any depth is safe.
  private mutating func visit(_ root: YAMLNode?, isObject: Bool = false) {
    guard let root else { return }
    var waiting: [(node: YAMLNode, key: String?, outer: Outer)] = [(root, nil, Outer(isObject: isObject))]
    while let (node, key, outer) = waiting.popLast() {
      switch node.content {
      case .scalar: scalar(node, key, outer: outer)
      case .list(let items): for item in items.reversed() { waiting.append((item, key, outer)) }
      case .map(let members):
        let inner = ImageFinder.within(node, outer, key: key)
        let hasParts = helm(node, key, outer: inner)
        for member in members.reversed() where !(hasParts && ImageFinder.isPart(member)) {
          waiting.append((member.value, key == "image" && member.key == "reference" ? "image" : member.key, inner))
        }
      }
    }
  }

  private static func isPart(_ member: YAMLNode.Member) -> Bool {
    guard case .scalar = member.value.content else { return false }
    return [ImageParts.names, ImageParts.tags, ImageParts.digests, ImageParts.registries].contains {
      $0.contains(member.key)
    }
  }

  /// Returns the surroundings for the members of a mapping.
  private static func within(_ node: YAMLNode, _ outer: Outer, key: String?) -> Outer {
    var inner = outer
    // Helm values also occur inside objects: Flux's HelmRelease, Argo CD's Application.
    if key == "values" || key == "valuesObject" || key == "valuesInline" { inner.isObject = false }
    if let registry = node["imageRegistry"]?.text { inner.registry = registry }
    guard let global = node["global"], global.isMap else { return inner }
    for found in [global["imageRegistry"], global["registry"], global["hub"], global["image", "registry"]] {
      if let text = found?.text, !text.isEmpty { inner.registry = text }
    }
    for found in [global["imageTag"], global["tag"], global["image", "tag"]] where found?.text?.isEmpty == false {
      inner.hasTag = true
    }
    return inner
  }

  private mutating func scalar(_ node: YAMLNode, _ key: String?, outer: Outer) {
    guard let text = node.text, !text.isEmpty else { return }
    if text.hasPrefix(ImageUse.scheme) { return add(node, text, prefix: "") }
    if key == "image" {
      let isLoose = !outer.isObject && ImageName(text).isBare && ImageName(text).namesHost
      return add(node, text, prefix: "", doubt: isLoose ? ImageFinder.noTag : nil)
    }
    guard key == "storageUri" else { return }
    for prefix in ["oci://", "oci+native://", "oci+modelcar://", "oci+fetch://"] where text.hasPrefix(prefix) {
      add(node, String(text.dropFirst(prefix.count)), prefix: prefix)
    }
  }

  private static let noTag = (
    reason: "it has no tag: the chart or the manifests determine the image", hint: "write the tag"
  )

  private mutating func add(_ node: YAMLNode, _ asked: String, prefix: String, doubt: (String, String)? = nil) {
    // A variable of another tool, which determines the image.
    if asked.contains("$") || asked.contains("{{") { return }
    guard let slot = slot(node) else { return cannot(node, asked) }
    append(node, asked, isPinned: ImageName(asked).digest != nil, shape: .whole(slot, prefix: prefix), doubt: doubt)
  }

  private mutating func slot(_ node: YAMLNode?) -> ScalarSlot? {
    guard let node, let index = index(of: node.place) else { return nil }
    return ScalarSlot(node, in: bytes, at: index)
  }

  /// The byte index of a source location. The search continues from the previous one, because one line of minified
  /// JSON may contain all images of a cluster.
  private mutating func index(of place: Place) -> Int? {
    guard place.line >= 1, place.line <= starts.count else { return nil }
    var found = (place: Place(line: place.line, column: 1), index: starts[place.line - 1])
    if last.place.line == place.line, last.place.column <= place.column { found = last }
    var column = found.place.column
    while column < place.column, found.index < bytes.count {
      found.index += 1
      while found.index < bytes.count, bytes[found.index] & 0xc0 == 0x80 { found.index += 1 }
      column += 1
    }
    last = (place, found.index)
    return found.index
  }

  /// The value of a member, even an empty one: `digest:` without a value is where one can be written.
  private func member(_ node: YAMLNode, _ key: String) -> YAMLNode? { node.members.first { $0.key == key }?.value }

  private static let noRoom = "the parts have neither a tag nor a digest that could be replaced"

  private mutating func append(
    _ node: YAMLNode, _ asked: String, isPinned: Bool, shape: ImageUse.Shape, problem: (String, String)? = nil,
    doubt: (String, String)? = nil
  ) {
    let place = Place(line: node.place.line + lines, column: node.place.column)
    uses.append(
      ImageUse(place: place, asked: asked, isPinned: isPinned, problem: problem, doubt: doubt, shape: shape))
  }

  private mutating func cannot(_ node: YAMLNode, _ asked: String) {
    append(
      node, asked, isPinned: false, shape: .parts(registry: nil, name: nil, tag: nil, digest: nil, isBare: false),
      problem: ("it contains escapes or spans several lines", "write it on one line, plain or quoted"))
  }
}

// MARK: Parts

extension ImageFinder {
  /// Handles the `{registry, repository, tag, digest}` of Helm values.
  private mutating func helm(_ node: YAMLNode, _ key: String?, outer: Outer) -> Bool {
    guard let found = ImageParts(node, key: key, outer) else { return false }
    let name = found.name.text ?? ""
    let isVersion = name.hasPrefix(ImageUse.scheme)
    // A complete name like `image: r.example/x:1` whose neighbors are not parts of it.
    if !isVersion, !ImageName(name).isBare, found.doubt == nil, found.registry == nil, found.digest == nil,
      found.tag == nil
    {
      return false
    }
    let own = found.registry?.text ?? ""
    let registry = own.isEmpty ? outer.registry ?? "" : own
    let full = isVersion || registry.isEmpty || ImageName(name).namesHost ? name : registry + "/" + name
    parts(found, full, isVersion: isVersion)
    return true
  }

  /// Handles an entry of a kustomization's `images`.
  private mutating func kustomize(_ node: YAMLNode) {
    guard let name = node["name"]?.text else { return }
    replaced.insert(name)
    let (tag, digest) = (member(node, "newTag"), member(node, "digest"))
    let newName = node["newName"]
    let full = newName?.text ?? name
    let isVersion = full.hasPrefix(ImageUse.scheme)
    // A new name alone leaves the tag to the manifests.
    guard isVersion || tag != nil || digest != nil, let place = newName ?? node["name"] else { return }
    var doubt: (String, String)?
    if node["tagSuffix"]?.text?.isEmpty == false, !isVersion {
      doubt = ("tagSuffix is appended to the tag in the manifests", "write newTag, without tagSuffix")
    } else if let tag, tag.isPlainScalar, let text = tag.text, ImageFinder.isNonString(text), !isVersion {
      doubt = ("newTag is a number or boolean, which kustomize rejects", "write newTag: \"\(text.prefix(40))\"")
    } else if let text = digest?.text, !text.isEmpty, Digest(text) == nil, !isVersion {
      doubt = ("digest is not a digest", "write sha256: and 64 digits, or leave it empty")
    }
    parts(
      ImageParts(name: place, written: newName, tag: tag, digest: digest, doubt: doubt), full, isVersion: isVersion)
  }

  /// Adds the images in a patch. Its text is a document inside a scalar and is not rewritten, so they are reported
  /// with a doubt.
  private mutating func patched(_ patch: KustomizePatch) {
    for image in patch.images {
      let place = Place(line: patch.node.place.line + lines + image.place.line, column: image.place.column)
      uses.append(
        ImageUse(
          place: place, asked: image.asked, isPinned: image.isPinned,
          problem: nil, doubt: image.isPinned ? nil : KustomizePatch.doubt,
          shape: .parts(registry: nil, name: nil, tag: nil, digest: nil, isBare: false)))
    }
  }

  private static func isNonString(_ text: String) -> Bool {
    YAMLScalar.flag(text) != nil || YAMLScalar.integer(text) != nil
      || (Double(text) != nil && text.first?.isLetter == false)
  }

  private mutating func parts(_ found: ImageParts, _ full: String, isVersion: Bool) {
    let tagText = found.tag?.text ?? ""
    let digestText = found.digest?.text ?? ""
    let isPinned = !isVersion && (ImageFinder.isDigest(full, tagText) || ImageParts.hex(digestText) != nil)
    let asked = isVersion || tagText.isEmpty || ImageName(full).tag != nil ? full : "\(full):\(tagText)"
    let written = [found.registry, found.written, found.tag, found.digest].compactMap(\.self)
    guard written.allSatisfy({ slot($0) != nil }) else { return cannot(found.name, asked) }
    var (problem, doubt): ((String, String)?, (String, String)?) = (nil, found.doubt)
    if isVersion, found.tag == nil, found.digest == nil {
      problem = (ImageFinder.noRoom, "add digest: \"\" next to it")
    } else if !isPinned, !isVersion, doubt == nil {
      if tagText.isEmpty, ImageName(full).tag == nil {
        doubt = ImageFinder.noTag
      } else if found.tag == nil, found.digest == nil {
        doubt = (ImageFinder.noRoom, "add digest: \"\" next to it")
      }
    }
    append(
      found.name, asked, isPinned: isPinned,
      shape: .parts(
        registry: slot(found.registry), name: slot(found.written), tag: slot(found.tag), digest: slot(found.digest),
        isBare: found.isBare),
      problem: problem, doubt: isPinned ? nil : doubt)
  }

  /// Whether the name or tag contains a digest: `tag: 1.0@sha256:..`, `tag: sha256:..`, or `repository: x@sha256`
  /// with the digits as the tag.
  private static func isDigest(_ name: String, _ tag: String) -> Bool {
    if ImageName(name).digest != nil || ImageName("x:" + tag).digest != nil { return true }
    if tag.hasPrefix("sha256:") { return ImageParts.hex(tag) != nil }
    return name.hasSuffix("@sha256") && Digest("sha256:" + tag) != nil
  }
}
