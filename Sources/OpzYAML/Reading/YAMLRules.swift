/// What a reader takes: the bounds of a hostile document, and how much of YAML it may use.
public struct YAMLRules: Sendable {
  /// Of the whole text.
  public let bytes: Int
  /// Lists and mappings in each other, those that aliases stand for too.
  public let depth: Int
  /// Anchors, aliases and merge keys (`<<`). They stand for at most as many nodes as the document has bytes.
  public let allowsAliases: Bool
  /// Tags: `!!str`.
  public let allowsTags: Bool
  /// Whether what readers of YAML 1.1 and 1.2 take for different values is refused.
  public let refusesAmbiguous: Bool
  /// Values of the whole text, keys included; four million take some 200 MB.
  public let values: Int

  public init(
    bytes: Int, depth: Int, allowsAliases: Bool, allowsTags: Bool, refusesAmbiguous: Bool, values: Int = 4_000_000
  ) {
    self.bytes = bytes
    self.depth = depth
    self.allowsAliases = allowsAliases
    self.allowsTags = allowsTags
    self.refusesAmbiguous = refusesAmbiguous
    self.values = values
  }

  /// opz's own files: opz.yaml, policy.yaml, plans of faults. The least of YAML, so that every reader of it sees the same.
  public static let settings = YAMLRules(
    bytes: 256 << 10, depth: 64, allowsAliases: false, allowsTags: false, refusesAmbiguous: true)

  /// What other programs write for themselves: MLmodel.
  public static let foreign = YAMLRules(
    bytes: 256 << 10, depth: 64, allowsAliases: true, allowsTags: true, refusesAmbiguous: false)

  /// Kubernetes' own objects stay below 20 levels; a schema in a CustomResourceDefinition may be deep.
  public static let manifests = YAMLRules(
    bytes: 32 << 20, depth: 200, allowsAliases: true, allowsTags: true, refusesAmbiguous: false)

  /// Anchors of one document.
  static let maximumAnchors = 10_000
}
