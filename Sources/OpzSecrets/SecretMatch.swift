/// A secret that was found.
public struct SecretMatch: Sendable, Hashable {
  /// Where the secret begins, in bytes. In encoded text, an offset near its encoded form.
  public let offset: UInt64
  /// What it is, with its article: `a GitHub token`. It never contains any part of the secret.
  public let what: String
  /// Why the secret may be unusable: it is encrypted, or its checksum is wrong. Nil if it can be used as it is.
  public let doubt: String?

  /// Creates a match.
  ///
  /// - Parameters:
  ///   - offset: bytes from the start of what was searched.
  ///   - what: the kind of secret with its article, `a GitHub token`, and no part of the secret.
  ///   - doubt: why the secret may be unusable; nil if it can be used as it is.
  public init(offset: UInt64, what: String, doubt: String? = nil) {
    self.offset = offset
    self.what = what
    self.doubt = doubt
  }
}

/// A secret that a rule found in a text.
struct SecretFinding: Sendable {
  /// The secret's own characters.
  let range: Range<Int>
  let what: String
  var doubt: String?
  /// How specific it is: 2 for a form of its own, 1 for a value near a service's name, 0 for a name like `password`.
  var rank = 2
}
