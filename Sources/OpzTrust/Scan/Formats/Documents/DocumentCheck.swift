import OpzJSON

/// Checks what a program may create or run because a document names it. Documents are JSON and YAML, in whatever file.
protocol DocumentCheck {
  /// Adds what an object makes a program create or run.
  /// - Parameter object: an object in the document, at any depth.
  static func check(_ object: [String: JSONValue], _ findings: inout DocumentFindings)
}

/// Runs all checks on every object of a document.
enum DocumentChecks {
  private static let all: [any DocumentCheck.Type] = [
    KerasCheck.self, SkopsCheck.self, TransformersCheck.self, InstantiationCheck.self, ServingCheck.self,
  ]

  /// How many documents may be nested in strings: `model_config` is a string, and may contain another one.
  private static let depth = 4

  static func check(_ document: JSONValue, _ findings: inout DocumentFindings, depth: Int = 0) {
    var waiting: [(key: String, value: JSONValue)] = [("", document)]
    while let (key, value) = waiting.popLast() {
      switch value {
      case .array(let items):
        waiting += items.map { (key, $0) }
      case .object(let members):
        for check in all { check.check(members, &findings) }
        // `chat_template` may be an object with templates by name.
        waiting += members.map { (isTemplate(key) ? "\(key).\($0.key)" : $0.key, $0.value) }
      case .string(let text):
        if isTemplate(key) || isTemplate(text, of: key) {
          JinjaTemplate.check(text, of: key, &findings)
        }
        nested(text, &findings, depth: depth)
      default: break
      }
    }
  }

  private static func isTemplate(_ key: String) -> Bool { key.lowercased().contains("template") }

  private static func isTemplate(_ text: String, of key: String) -> Bool {
    key.lowercased().contains("prompt") && (text.contains("{{") || text.contains("{%"))
  }

  private static func nested(_ text: String, _ findings: inout DocumentFindings, depth: Int) {
    let first = text.utf8.first { $0 > 0x20 }
    guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "\"") else { return }
    let bytes = Array(text.utf8)
    guard CodeNames.contained(in: bytes) else { return }
    guard depth < DocumentChecks.depth else {
      return findings.add(.unread, .error, text: "a document nested in \(depth) others was not scanned")
    }
    do {
      let document = try JSONValue(json: bytes, options: JSONOptions(nonFinite: .all))
      check(document, &findings, depth: depth + 1)
    } catch let failure as JSONFailure where failure.kind == .syntax {
      // Most likely plain text that begins with a bracket.
      if text.contains(#""class_name""#) {
        findings.add(
          .unread, .error, text: "a string in it may be a model's configuration, and cannot be read: \(failure)")
      }
    } catch {
      findings.add(.unread, .error, text: "a string in it may be a model's configuration, and cannot be read: \(error)")
    }
  }
}
