/// What becomes of the symbolic links of a project: the key `links` of opz.yaml.
public enum LinkRule: String, Sendable, Hashable, CaseIterable {
  /// A link stays a link.
  case keep
  /// What a link leads to is packaged under the link's name, wherever it is.
  case follow
}
