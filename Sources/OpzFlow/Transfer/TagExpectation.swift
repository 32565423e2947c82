public import OpzIO

/// What a tag must name before it is moved.
public enum TagExpectation: Sendable, Hashable {
  /// What this registry last saw there, where it saw anything.
  case asSeen
  /// Exactly this.
  case digest(Digest)
  /// Nothing.
  case absent
  /// Whatever it is: `--force`.
  case anything
}
