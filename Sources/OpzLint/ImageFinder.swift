import OpzYAML

/// Walks the nodes of a document and finds what names an image.
struct ImageFinder {
  private let bytes: [UInt8]
  private var starts: [Int] = []
  private var lines = 0
  private(set) var uses: [ImageUse] = []
  private(set) var replaced: Set<String> = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next documents stand in this part.
  mutating func begin(_ part: YAMLStream.Part) {
    lines = part.lines
    starts = [part.range.lowerBound]
    var index = part.range.lowerBound
    while index < part.range.upperBound {
      let width = ImageFinder.lineBreak(bytes, index, part.range.upperBound)
      index += max(1, width)
      if width > 0 { starts.append(index) }
    }
  }

  /// libyaml ends a line at CR, LF, CR LF, NEL (U+0085), LS and PS (U+2028, U+2029).
  private static func lineBreak(_ bytes: [UInt8], _ index: Int, _ end: Int) -> Int {
    func next(_ offset: Int) -> UInt8? { index + offset < end ? bytes[index + offset] : nil }
    switch bytes[index] {
    case 0x0a: return 1
    case 0x0d: return next(1) == 0x0a ? 2 : 1
    case 0xc2: return next(1) == 0x85 ? 2 : 0
    case 0xe2: return next(1) == 0x80 && (next(2) == 0xa8 || next(2) == 0xa9) ? 3 : 0
    default: return 0
    }
  }

  mutating func document(_ root: YAMLNode) {
    if root["kind"]?.text == "Kustomization" || (root["kind"] == nil && root["resources"] != nil) {
      for item in root["images"]?.list ?? [] { kustomize(item) }
      return
    }
    visit(root, key: nil)
  }

  private mutating func visit(_ node: YAMLNode, key: String?) {
    switch node.content {
    case .scalar: scalar(node, key)
    case .list(let items): for item in items { visit(item, key: key) }
    case .map(let members):
      if helm(node) { return }
      for member in members {
        visit(member.value, key: key == "image" && member.key == "reference" ? "image" : member.key)
      }
    }
  }

  private mutating func scalar(_ node: YAMLNode, _ key: String?) {
    guard let text = node.text, !text.isEmpty else { return }
    if text.hasPrefix(ImageUse.scheme) { return add(node, text, prefix: "") }
    if key == "image" { return add(node, text, prefix: "") }
    guard key == "storageUri" else { return }
    for prefix in ["oci://", "oci+native://", "oci+modelcar://", "oci+fetch://"] where text.hasPrefix(prefix) {
      add(node, String(text.dropFirst(prefix.count)), prefix: prefix)
    }
  }

  private mutating func add(_ node: YAMLNode, _ asked: String, prefix: String) {
    // A variable of another tool, which has its own word on it.
    if asked.contains("$") || asked.contains("{{") { return }
    guard let slot = ScalarSlot(node, in: bytes, starts) else { return cannot(node, asked) }
    append(node, asked, isPinned: ImageName(asked).digest != nil, .whole(slot, prefix: prefix))
  }

  private func slot(_ node: YAMLNode?) -> ScalarSlot? { node.flatMap { ScalarSlot($0, in: bytes, starts) } }

  /// `digest:` may be written without a value, which is then its place.
  private func member(_ node: YAMLNode, _ key: String) -> YAMLNode? { node.members.first { $0.key == key }?.value }

  private static let noRoom = "the parts have neither a tag nor a digest to write to"

  private mutating func append(
    _ node: YAMLNode, _ asked: String, isPinned: Bool, _ shape: ImageUse.Shape, problem: (String, String)? = nil
  ) {
    let place = Place(line: node.place.line + lines, column: node.place.column)
    uses.append(ImageUse(place: place, asked: asked, isPinned: isPinned, problem: problem, shape: shape))
  }

  private mutating func cannot(_ node: YAMLNode, _ asked: String) {
    append(
      node, asked, isPinned: false, .parts(registry: nil, name: nil, tag: nil, digest: nil),
      problem: ("it is written with escapes or on several lines", "write it on one line, plain or in quotes"))
  }
}

// MARK: Parts

extension ImageFinder {
  /// `{registry, repository, tag, digest}` of a chart's values.
  private mutating func helm(_ node: YAMLNode) -> Bool {
    let (tag, digest) = (member(node, "tag"), member(node, "digest"))
    guard let repository = node["repository"], let name = repository.text, tag != nil || digest != nil,
      !name.contains("://") || name.hasPrefix(ImageUse.scheme), !name.contains("$"), !name.contains("{{")
    else { return false }
    let isVersion = name.hasPrefix(ImageUse.scheme)
    let registry = node["registry"]
    let full = isVersion ? name : (registry?.text.map { $0 + "/" } ?? "") + name
    parts(repository, full, isVersion, registry: registry, name: repository, tag: tag, digest: digest)
    return true
  }

  /// An entry of a kustomization's `images`.
  private mutating func kustomize(_ node: YAMLNode) {
    guard let name = node["name"]?.text else { return }
    replaced.insert(name)
    let (tag, digest) = (member(node, "newTag"), member(node, "digest"))
    let newName = node["newName"]
    let full = newName?.text ?? name
    let isVersion = full.hasPrefix(ImageUse.scheme)
    // A new name alone leaves the tag to the manifests.
    guard isVersion || tag != nil || digest != nil, let place = newName ?? node["name"] else { return }
    parts(place, full, isVersion, registry: nil, name: newName, tag: tag, digest: digest)
  }

  private mutating func parts(
    _ place: YAMLNode, _ name: String, _ isVersion: Bool, registry: YAMLNode?, name nameNode: YAMLNode?,
    tag: YAMLNode?, digest: YAMLNode?
  ) {
    let written = [registry, nameNode, tag, digest].compactMap(\.self)
    let tagText = tag?.text ?? ""
    let isPinned =
      !isVersion
      && (digest?.text.map { ImageName("x@" + $0).digest != nil } == true || ImageName("x:" + tagText).digest != nil)
    let asked = isVersion || tagText.isEmpty ? name : "\(name):\(tagText)"
    guard written.allSatisfy({ slot($0) != nil }) else { return cannot(place, asked) }
    var problem: (String, String)?
    if tag == nil, digest == nil {
      problem = (ImageFinder.noRoom, "add digest: \"\" beside it")
    } else if !isPinned, !isVersion, tagText.isEmpty {
      problem = ("it has no tag: which image it means is for the chart or the manifests to say", "write the tag")
    }
    append(
      place, asked, isPinned: isPinned,
      .parts(registry: slot(registry), name: slot(nameNode), tag: slot(tag), digest: slot(digest)), problem: problem)
  }
}
