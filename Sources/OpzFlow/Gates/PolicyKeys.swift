import OpzTrust
import SystemPackage

/// The public keys that a policy's gates name.
struct PolicyKeys: Sendable {
  struct Named: Sendable {
    /// As in the policy: `keys/release.pub`.
    let name: String
    let key: PublicKey
  }

  /// The keys of all gates, without duplicates.
  let all: [PublicKey]
  private let directory: FilePath

  /// - Parameter directory: the directory that `files` are relative to.
  init(_ files: [String], in directory: FilePath) throws {
    self.directory = directory
    all = try PolicyKeys.read(files, directory).map(\.key)
  }

  /// The keys of one gate. The same key in two files counts once, with both names, since two are required to be
  /// different.
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

  /// The keys that are among the signers.
  func among(_ signers: Set<PublicKey>) -> [PolicyKeys.Named] { filter { signers.contains($0.key) } }
}
