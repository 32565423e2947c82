import OpzOCI

/// The name of a repository that others push to: `crm/churn` (OCI distribution-spec, "Pulling manifests").
///
/// It is a path below the registry's `repositories` directory, so it is checked before it is one.
public struct RepositoryName: Hashable, Sendable, Comparable, CustomStringConvertible, LosslessStringConvertible {
  public let description: String

  /// The repository that `text` names, or nil: lower-case parts joined by `/`, at most 255 bytes.
  public init?(_ text: String) {
    guard Reference.isRepository(text) else { return nil }
    description = text
  }

  /// Orders names by their UTF-8 bytes.
  public static func < (one: RepositoryName, other: RepositoryName) -> Bool {
    one.description.utf8.lexicographicallyPrecedes(other.description.utf8)
  }
}
