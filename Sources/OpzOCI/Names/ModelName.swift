/// The name of a model: `churn`, `crm/churn`. Lower-case letters, digits, `.`, `_`, `-`, and `/` between components.
///
/// A name becomes a path below the registry's `models` directory and a repository name, so it is validated first.
public struct ModelName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Components that the registry uses for its own files.
  public static let reserved: Set<String> = ["versions", "events", "heads", "lock"]

  public let description: String

  /// Validates a name: 1 to 128 bytes, at most 64 per component, not a host before a `/`.
  /// - Throws: `OCIError` with code `badReference` when the text is not a name.
  public init(_ text: String) throws {
    func refuse(_ reason: String) -> OCIError {
      let lower = text.lowercased()
      let example = lower == text ? nil : (try? ModelName(lower))?.description
      return OCIError(
        .badReference, "\"\(text.prefix(200))\"", reason: "not a model name: \(reason)",
        hint: "use lower-case letters, digits, . _ - and / between parts, such as \(example ?? "crm/churn")")
    }
    guard (1...128).contains(text.utf8.count) else {
      throw refuse("it has \(text.utf8.count) bytes; 1 to 128 are allowed")
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count > 1, Reference.namesHost(parts[0]) {
      throw refuse("\"\(parts[0])\" before a / means a container registry")
    }
    for part in parts {
      guard part.utf8.count <= 64 else { throw refuse("a part has more than 64 characters") }
      guard !ModelName.reserved.contains(String(part)) else {
        throw refuse("\"\(part)\" is used by the registry itself")
      }
      guard !part.isEmpty else { throw refuse("a part is empty") }
      if let bad = part.unicodeScalars.first(where: { !ModelName.isAllowed($0) }) {
        throw refuse("it may not contain \"\(bad)\"")
      }
      guard Reference.isRepository(String(part)) else {
        throw refuse("a part begins or ends with . _ or -, or has two of them in a row")
      }
    }
    description = text
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || "._-".unicodeScalars.contains(scalar)
  }

  /// Orders names by their bytes.
  public static func < (left: ModelName, right: ModelName) -> Bool {
    left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
  }
}
