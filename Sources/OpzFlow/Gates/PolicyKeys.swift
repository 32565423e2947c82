import OpzTrust
import SystemPackage

/// The public keys that a policy's gates name.
struct PolicyKeys: Sendable {
  struct Named: Sendable {
    /// As the policy has it: `keys/release.pub`.
    let name: String
    let key: PublicKey
  }

  /// Of all gates, each once.
  let all: [PublicKey]
  private let directory: FilePath

  /// - Parameter directory: where the policy is.
  init(_ files: [String], in directory: FilePath) throws {
    self.directory = directory
    all = try PolicyKeys.read(files, directory).map(\.key)
  }

  /// The keys of one gate. One key in two files is one key, with both names: who asks for two means two.
  func named(_ files: [String]) throws -> [Named] { try PolicyKeys.read(files, directory) }

  private static func read(_ files: [String], _ directory: FilePath) throws -> [Named] {
    try KeyFiles.publicKeys(files.map { ($0, directory.pushing(FilePath($0))) }).map {
      Named(name: $0.name, key: $0.key)
    }
  }
}

extension [PolicyKeys.Named] {
  /// `keys/a.pub or keys/b.pub`
  func names(_ word: String = "or") -> String { map(\.name).joined(separator: word == "," ? ", " : " \(word) ") }

  /// Those of them that are among the signers.
  func among(_ signers: Set<PublicKey>) -> [PolicyKeys.Named] { filter { signers.contains($0.key) } }
}
