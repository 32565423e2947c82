/// A secret that was found.
public struct SecretMatch: Sendable, Hashable {
  /// Where it begins, in bytes of what was searched. Within encoded text it is the place of the encoded form, near to it.
  public let offset: UInt64
  /// What it is, with its article: `a GitHub token`. It never holds a part of the secret.
  public let what: String
  /// Nil for a secret that can be used as it is; else why it may not be: it is encrypted, or its checksum is wrong.
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

/// What a rule found in a text.
struct SecretFinding: Sendable {
  /// The secret's own characters.
  let range: Range<Int>
  let what: String
  var doubt: String?
  /// How much it says: 2 for a form of its own, 1 for one that a service's name stands by, 0 for a name like `password`.
  var rank = 2
}
