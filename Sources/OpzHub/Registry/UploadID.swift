import OpzIO
import OpzRegistry

/// The ID of an upload: 32 random hex digits and 16 of the repository name's digest, so that it cannot be resumed in
/// another repository.
struct UploadID: Hashable, Sendable, CustomStringConvertible {
  let description: String

  init(new repository: RepositoryName) {
    description = Hex.encode((0..<16).map { _ in UInt8.random(in: .min ... .max) }) + UploadID.mark(repository)
  }

  /// Nil if the text is not an upload ID of this repository.
  init?(_ text: String, of repository: RepositoryName) {
    let bytes = Array(text.utf8)
    guard bytes.count == 48, Hex.decode(bytes) != nil, text.hasSuffix(UploadID.mark(repository)) else { return nil }
    description = text
  }

  private static func mark(_ repository: RepositoryName) -> String {
    String(Digest.of(Array(repository.description.utf8)).hex.prefix(16))
  }
}
