import OpzIO

/// The findings in one document, without repetitions.
struct DocumentFindings {
  struct Found {
    let rule: ScanReport.Rule
    let level: ScanReport.Level
    let text: String
  }

  private let allowlist: PickleAllowlist
  private(set) var all: [Found] = []
  private var seen: Set<String> = []
  /// Files that the document contains as strings. They are scanned too.
  private(set) var embedded: [(name: String, bytes: [UInt8])] = []

  /// The most findings of one document.
  private static let maximumCount = 200

  init(_ allowlist: PickleAllowlist) { self.allowlist = allowlist }

  mutating func add(_ rule: ScanReport.Rule, _ level: ScanReport.Level, text: String) {
    guard all.count <= DocumentFindings.maximumCount, seen.insert(text).inserted else { return }
    guard all.count < DocumentFindings.maximumCount else {
      return all.append(
        Found(rule: .unread, level: .error, text: "more than \(DocumentFindings.maximumCount) findings"))
    }
    all.append(Found(rule: rule, level: level, text: text))
  }

  mutating func embed(_ name: String, _ bytes: [UInt8]) {
    guard embedded.count < DocumentFindings.maximumCount else {
      return add(.unread, .error, text: "more than \(DocumentFindings.maximumCount) embedded files")
    }
    embedded.append((name, bytes))
  }

  /// Whether a pickle may use the name: it is on the allowlist, or the user allowed it.
  func allows(_ module: String, _ name: String) -> Bool {
    allowlist.allows(PickleGlobal(module: module, name: name))
  }

  /// Whether the user allowed the name.
  func isAllowedByUser(_ module: String, _ name: String) -> Bool { allowlist.isAllowedByUser(module, name) }

  /// The same for `package.module.Name`, as configurations write it.
  func isAllowedByUser(_ dotted: String) -> Bool {
    guard let dot = dotted.lastIndex(of: ".") else { return false }
    return isAllowedByUser(String(dotted[..<dot]), String(dotted[dotted.index(after: dot)...]))
  }

  /// The beginning of a hostile text, for a message.
  static func shown(_ text: String) -> String { text.count > 100 ? "\(text.prefix(100))…" : text }
}

extension FileScanner {
  mutating func add(_ findings: DocumentFindings, _ file: ScannedFile, at offset: UInt64? = nil) {
    for found in findings.all { add(found.rule, found.level, file: file, at: offset, text: found.text) }
    for (name, bytes) in findings.embedded { scanMember(of: file, at: name, BytesBlob(bytes)) }
  }
}
