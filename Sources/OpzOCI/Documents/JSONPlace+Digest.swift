package import OpzIO
package import OpzJSON

extension JSONPlace {
  /// The digest that a text is; nil for anything else.
  package var digest: Digest? {
    plainText.flatMap { Digest(sha256Text: $0) } ?? string.flatMap { Digest($0) }
  }
}
