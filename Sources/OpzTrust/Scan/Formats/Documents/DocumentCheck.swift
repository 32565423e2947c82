import OpzJSON

/// What a program may make or run because a document names it. JSON and YAML are documents, whatever file they lie in.
protocol DocumentCheck {
  /// - Parameter object: any object of the document, at any depth.
  static func check(_ object: [String: JSONValue], _ findings: inout DocumentFindings)
}

/// Goes through all objects of a document.
enum DocumentChecks {
  private static let all: [any DocumentCheck.Type] = [
    KerasCheck.self, SkopsCheck.self, TransformersCheck.self, InstantiationCheck.self, ServingCheck.self,
  ]

  /// Documents in texts of documents: `model_config` is a text, and may be one of a text.
  private static let depth = 4

  static func check(_ document: JSONValue, _ findings: inout DocumentFindings, depth: Int = 0) {
    var waiting: [(key: String, value: JSONValue)] = [("", document)]
    while let (key, value) = waiting.popLast() {
      switch value {
      case .array(let items):
        waiting += items.map { (key, $0) }
      case .object(let members):
        for check in all { check.check(members, &findings) }
        // `chat_template` may have templates by their names.
        waiting += members.map { (isTemplate(key) ? "\(key).\($0.key)" : $0.key, $0.value) }
      case .string(let text):
        if isTemplate(key) || isTemplate(text, of: key) {
          JinjaTemplate.check(text, of: key, &findings)
        }
        nested(text, &findings, depth)
      default: break
      }
    }
  }

  private static func isTemplate(_ key: String) -> Bool { key.lowercased().contains("template") }

  private static func isTemplate(_ text: String, of key: String) -> Bool {
    key.lowercased().contains("prompt") && (text.contains("{{") || text.contains("{%"))
  }

  private static func nested(_ text: String, _ findings: inout DocumentFindings, _ depth: Int) {
    let first = text.utf8.first { $0 > 0x20 }
    guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "\"") else { return }
    let bytes = Array(text.utf8)
    guard JSONTriggers.are(in: bytes) else { return }
    guard depth < DocumentChecks.depth else {
      return findings.add(.unread, .error, "a document in \(depth) others was not looked into")
    }
    do {
      let document = try JSONValue(json: bytes, options: JSONOptions(nonFinite: .all))
      check(document, &findings, depth: depth + 1)
    } catch let failure as JSONFailure where failure.kind == .syntax {
      // A text that begins with a bracket.
      if text.contains(#""class_name""#) {
        findings.add(.unread, .error, "a text in it may be a model's configuration and cannot be read: \(failure)")
      }
    } catch {
      findings.add(.unread, .error, "a text in it may be a model's configuration and cannot be read: \(error)")
    }
  }
}
