/// The name of a model: `churn`, `crm/churn`. Lower-case letters, digits, `.`, `_`, `-`, and `/` between parts.
///
/// A name is a path below the registry's `models` directory and a repository name, so it is checked before it is either.
public struct ModelName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Parts that the registry uses for itself.
  public static let reserved: Set<String> = ["versions", "events", "heads", "lock"]

  public let description: String

  /// - Throws: `OCIError.badReference` when the text is not a name.
  public init(_ text: String) throws {
    func refuse(_ reason: String) -> OCIError {
      OCIError(
        .badReference, "\"\(text.prefix(200))\"", "not a model name: \(reason)",
        hint: "use lower-case letters, digits, . _ - and / between parts, such as crm/churn")
    }
    guard (1...128).contains(text.utf8.count) else {
      throw refuse("it has \(text.utf8.count) bytes; 1 to 128 are allowed")
    }
    for part in text.split(separator: "/", omittingEmptySubsequences: false) {
      guard part.utf8.count <= 64 else { throw refuse("a part has more than 64 characters") }
      guard !ModelName.reserved.contains(String(part)) else {
        throw refuse("\"\(part)\" is used by the registry itself")
      }
      guard Reference.isRepository(String(part)) else {
        throw refuse(
          part.isEmpty ? "a part is empty" : "\"\(part)\" has a character, or two separators, that it may not have")
      }
    }
    description = text
  }

  public static func < (left: ModelName, right: ModelName) -> Bool {
    left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
  }
}
