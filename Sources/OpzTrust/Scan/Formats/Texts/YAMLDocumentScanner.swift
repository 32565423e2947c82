import OpzIO
import OpzJSON
import OpzYAML

/// YAML: its tags may create any object of Python, Java or Ruby, and a document may name code as in JSON (MLmodel,
/// Hydra's settings).
struct YAMLDocumentScanner: FormatScanner {
  let name = "YAML documents"

  private static let limit: UInt64 = 16 << 20
  private static let rules = YAMLRules(
    bytes: 16 << 20, depth: 200, allowsAliases: true, allowsTags: true, refusesAmbiguous: false)

  /// What makes a file that is not named as YAML worth reading as YAML.
  private static let marks = ["!!p", "!!%", "!!j", "!<tag", "!<%", "!ruby/", "%TAG"]

  func recognizes(_ file: ScannedFile) throws -> Bool {
    if isNamed(file) { return true }
    guard !file.head.contains(0), file.blob.size <= YAMLDocumentScanner.limit, !YAMLDocumentScanner.isCode(file) else {
      return false
    }
    guard file.blob.size > UInt64(file.head.count) else {
      return YAMLDocumentScanner.marks.contains { file.head.contains(text: $0) }
    }
    let bytes = try file.blob.bytes()
    return YAMLDocumentScanner.marks.contains { bytes.contains(text: $0) }
  }

  private func isNamed(_ file: ScannedFile) -> Bool {
    ["yaml", "yml"].contains(file.suffix) || file.name == "mlmodel"
  }

  /// Whether a file is a program or a page, which may just mention tags.
  private static func isCode(_ file: ScannedFile) -> Bool {
    ["py", "pyi", "pyx", "md", "rst", "html", "ipynb", "c", "h", "swift", "js", "json"].contains(file.suffix)
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    guard file.blob.size <= YAMLDocumentScanner.limit else {
      return scanner.add(
        .unread, .error, file: file, text: "YAML of more than \(YAMLDocumentScanner.limit >> 20) MiB was not scanned")
    }
    guard let text = YAMLDocumentScanner.text(try file.blob.bytes(), file.head) else {
      if isNamed(file) {
        scanner.add(.unread, .error, file: file, text: "YAML that is not text in UTF-8, UTF-16 or UTF-32")
      }
      return
    }
    var findings = DocumentFindings(scanner.allowlist)
    let tags = YAMLTags(text)
    for tag in tags.tags { YAMLDocumentScanner.check(tag, &findings) }
    if tags.problem == nil { documents(text, isNamed: isNamed(file), &findings) }
    scanner.add(findings, file)
  }

  private static func text(_ bytes: [UInt8], _ head: [UInt8]) -> String? {
    JSONText.utf8(bytes, JSONText.encoding(head)).flatMap { String(validating: $0, as: UTF8.self) }
  }

  private func documents(_ text: String, isNamed: Bool, _ findings: inout DocumentFindings) {
    do {
      for root in try YAMLReader.read(text, YAMLDocumentScanner.rules) {
        DocumentChecks.check(YAMLDocumentScanner.value(root), &findings)
      }
    } catch {
      // Other readers take the last of duplicate keys.
      guard isNamed, CodeNames.yaml.contains(where: { text.contains($0) }) else { return }
      findings.add(.unread, .error, text: "it names code, and readers do not agree on its content: \(error)")
    }
  }

  private static func value(_ node: YAMLNode) -> JSONValue {
    switch node.content {
    case .scalar(let text, _): node.isNull ? .null : node.bool.map { .bool($0) } ?? .string(text)
    case .list(let items): .array(items.map(value))
    case .map(let members):
      .object(Dictionary(members.map { ($0.key, value($0.value)) }) { _, last in last })
    }
  }

  // MARK: Tags

  private static func check(_ tag: YAMLTags.Tag, _ findings: inout DocumentFindings) {
    let shown = DocumentFindings.shown(tag.text.replacing("tag:yaml.org,2002:", with: "!!"))
    let place = "line \(tag.place.line)"
    guard let name = name(of: tag.text) else {
      // Tags such as `!Ref` have a meaning to one program only.
      if tag.text.contains("ruby/") || tag.text.contains("python/") || tag.text.contains("java") {
        findings.add(.yamlTag, .error, text: "\(place): the tag \(shown) creates a program's object")
      }
      return
    }
    if data.contains(name) { return }
    for prefix in ["python/object/apply:", "python/object/new:", "python/object:", "python/name:"]
    where name.hasPrefix(prefix) {
      let dotted = String(name.dropFirst(prefix.count))
      if let dot = dotted.lastIndex(of: "."),
        findings.allows(String(dotted[..<dot]), String(dotted[dotted.index(after: dot)...]))
      {
        return
      }
    }
    findings.add(.yamlTag, .error, text: "\(place): the tag \(shown) creates a program's object or calls its function")
  }

  /// The part after YAML's own prefix.
  private static func name(of tag: String) -> String? {
    let prefix = "tag:yaml.org,2002:"
    return tag.hasPrefix(prefix) ? String(tag.dropFirst(prefix.count)) : nil
  }

  private static let data: Set<String> = [
    "str", "int", "float", "bool", "null", "seq", "map", "set", "omap", "pairs", "binary", "timestamp", "merge",
    "value",
    "yaml", "python/none", "python/bool", "python/str", "python/unicode", "python/int", "python/long", "python/float",
    "python/complex", "python/list", "python/tuple", "python/dict", "python/bytes",
  ]
}
