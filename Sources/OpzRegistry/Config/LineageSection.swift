import OpzOCI
public import OpzYAML

/// The section `lineage` of opz.yaml: where the image's lineage comes from.
public struct LineageSection: Sendable, Hashable {
  /// The training data: paths below the project.
  public var data: [String]
  /// A JSON file of numbers, below the project.
  public var metrics: String?
  /// `NAME@VERSION`.
  public var parent: String?
  public var tags: [String: String]

  /// The section's keys.
  public static let keys = ["data", "metrics", "parent", "tags"]

  /// Reads the section of a document; nothing is set if it has none. Problems are reported to the document's
  /// `KeyProblems`.
  /// - Parameter top: the document's own mapping.
  public init(in top: YAMLScope) {
    let scope = top.mapping("lineage", keys: LineageSection.keys)
    tags = scope.dictionary("tags")
    let names = scope.mapping("tags", keys: Array(tags.keys), isOpen: true)
    for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
      if key.isEmpty { names.fail(key, "an empty name") }
      if key.utf8.count > 128 { names.fail(key, "the name has \(key.utf8.count) bytes; at most 128 are allowed") }
      if value.utf8.count > 1024 {
        names.fail(key, "the value has \(value.utf8.count) bytes; at most 1024 are allowed")
      }
    }
    parent = scope.text("parent")
    if let parent {
      let parts = parent.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
      let isVersion = parts.count == 2 && (try? ModelName(parts[0])) != nil && SemanticVersion(parts[1]) != nil
      if !isVersion {
        scope.fail("parent", "\"\(parent.prefix(80))\" is not NAME@VERSION", hint: "write parent: churn@1.1.0")
      }
    }
    data = scope.paths("data")
    metrics = scope.path("metrics")
  }
}
