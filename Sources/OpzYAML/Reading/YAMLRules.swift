/// What a YAML reader accepts: limits against hostile documents, and the features of YAML.
public struct YAMLRules: Sendable {
  /// The largest text in bytes.
  public let bytes: Int
  /// The deepest nesting of lists and mappings, aliases expanded.
  public let depth: Int
  /// Whether anchors, aliases and merge keys (`<<`) are allowed. They may expand to at most as many nodes as the
  /// document has bytes, and 1000 more.
  public let allowsAliases: Bool
  /// Whether tags such as `!!str` are allowed.
  public let allowsTags: Bool
  /// Whether values are refused that YAML 1.1 and 1.2 readers interpret differently.
  public let refusesAmbiguous: Bool
  /// The most values in the whole text, including keys; four million take some 200 MB.
  public let values: Int

  /// Makes rules; `bytes` and `values` are limits of the whole text.
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

  /// For opz's own files: opz.yaml, policy.yaml, fault plans. A minimal YAML that every reader interprets alike.
  public static let settings = YAMLRules(
    bytes: 256 << 10, depth: 64, allowsAliases: false, allowsTags: false, refusesAmbiguous: true)

  /// For small files that other programs write for themselves, such as MLmodel.
  public static let foreign = YAMLRules(
    bytes: 256 << 10, depth: 64, allowsAliases: true, allowsTags: true, refusesAmbiguous: false)

  /// For Kubernetes objects. Its own stay below 20 levels; a schema in a CustomResourceDefinition can be deeper.
  public static let manifests = YAMLRules(
    bytes: 32 << 20, depth: 200, allowsAliases: true, allowsTags: true, refusesAmbiguous: false)

  /// The most anchors in one document.
  static let maximumAnchors = 10_000
}
