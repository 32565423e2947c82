public import OpzIO

/// What a tag must name before it may be moved.
public enum TagExpectation: Sendable, Hashable {
  /// What the local registry last saw there; anything if it never saw the tag.
  case asLastSeen
  /// Exactly this digest.
  case digest(Digest)
  /// Nothing: the tag must not exist.
  case absent
  /// Anything: `--force`.
  case anything
}
