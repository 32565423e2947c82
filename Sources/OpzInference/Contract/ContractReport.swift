import OpzJSON

/// What a contract found in one request.
package struct ContractReport: Sendable {
  /// A count for each column, reason and action, in the order in which they were found.
  package private(set) var violations: [ContractViolation] = []
  /// What is said of the first value that is refused.
  private var refusal: String?

  /// Notes values that broke a rule.
  /// - Parameters:
  ///   - row: of the first of them.
  ///   - text: what is wrong with it.
  mutating func add(_ violation: ContractViolation, row: Int, _ text: @autoclosure () -> String) {
    violations.append(violation)
    if violation.action == .reject, refusal == nil {
      refusal = "the contract refuses column '\(violation.column.prefix(100))', row \(row): \(text())"
    }
  }

  /// - Throws: `RequestFailure` where a value is refused, with all that are.
  func check() throws {
    guard let refusal else { return }
    let refused = violations.filter { $0.action == .reject }
    let count = refused.reduce(0) { $0 + $1.count }
    throw RequestFailure(
      400, count > 1 ? "\(refusal) (\(count) values in all)" : refusal, violations: refused)
  }

  /// The most violations that an answer lists.
  private static let most = 32
  /// The most bytes of an answer's text, which is a header too.
  private static let mostBytes = 4096

  /// What an answer says: a JSON list in ASCII of objects with `column`, `reason`, `action` and `count`; nil where nothing
  /// was found. A list that would be too long ends with an object that says how many more there are.
  package var text: String? {
    guard !violations.isEmpty else { return nil }
    var parts: [String] = []
    var bytes = 64
    for violation in violations.prefix(ContractReport.most) {
      let part = ContractReport.text(violation)
      bytes += part.utf8.count + 1
      guard bytes <= ContractReport.mostBytes else { break }
      parts.append(part)
    }
    if parts.count < violations.count { parts.append("{\"more\":\(violations.count - parts.count)}") }
    return "[\(parts.joined(separator: ","))]"
  }

  private static func text(_ violation: ContractViolation) -> String {
    "{\"column\":\(quoted(String(violation.column.prefix(200)))),\"reason\":\"\(violation.reason.rawValue)\","
      + "\"action\":\"\(violation.action.rawValue)\",\"count\":\(violation.count)}"
  }

  /// A JSON string in ASCII, as a header's value has to be.
  private static func quoted(_ text: String) -> String {
    var json = JSONWriter()
    json.string(text)
    var result = ""
    for unit in String(decoding: json.bytes, as: UTF8.self).utf16 {
      if unit < 0x7f, let scalar = Unicode.Scalar(unit) {
        result.unicodeScalars.append(scalar)
      } else {
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      }
    }
    return result
  }
}
