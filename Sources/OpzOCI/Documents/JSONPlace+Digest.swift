package import OpzIO
package import OpzJSON

extension JSONView {
  /// The digest that a string spells; nil for anything else.
  package var digest: Digest? {
    plainText.flatMap { Digest(sha256Text: $0) } ?? string.flatMap { Digest($0) }
  }
}
