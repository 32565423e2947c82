import OpzIO
import OpzStore
public import OpzTrust
public import SystemPackage

/// Reads and writes key files.
public enum KeyFiles {
  private static let limit = 1 << 16

  /// - Throws: `TrustError.badKey` for a file that is not a public key; `IOFailure` for one that cannot be read.
  public static func publicKey(_ path: FilePath, for use: PublicKey.Use = .images) throws -> PublicKey {
    try PublicKey(pem: SmallFile.read(path, limit: limit), name: path.string, for: use)
  }

  /// Reads public keys with the names that the user gave them. The same key in two files counts once, with both names,
  /// because thresholds count keys.
  public static func publicKeys(
    _ files: [(name: String, path: FilePath)], for use: PublicKey.Use = .images
  ) throws -> [(name: String, key: PublicKey)] {
    var found: [(names: [String], key: PublicKey)] = []
    for (name, path) in files {
      let key = try publicKey(path, for: use)
      guard let index = found.firstIndex(where: { $0.key == key }) else {
        found.append(([name], key))
        continue
      }
      if !found[index].names.contains(name) { found[index].names.append(name) }
    }
    return found.map { ($0.names.joined(separator: " = "), $0.key) }
  }

  /// - Parameter password: for an encrypted key; nil uses `OPZ_KEY_PASSWORD`.
  public static func privateKey(
    _ path: FilePath, for use: PublicKey.Use = .images, password: [UInt8]?, in session: Session
  ) throws -> PrivateKey {
    try PrivateKey(pem: SmallFile.read(path, limit: limit), name: path.string, for: use) {
      password ?? session.environment["OPZ_KEY_PASSWORD"].map { Array($0.utf8) }
    }
  }

  /// Writes `PREFIX.key`, readable by its owner alone, and `PREFIX.pub`. Existing files are never replaced.
  /// - Returns: the two paths and the public key.
  /// - Throws: `FlowError` of category `conflict` if one of the files exists.
  public static func generate(
    _ kind: PublicKey.Kind, at prefix: FilePath, password: [UInt8]?, in session: Session
  ) throws -> (secret: FilePath, open: FilePath, key: PublicKey) {
    let key = try PrivateKey.generate(kind)
    let secret = FilePath(prefix.string + ".key")
    let open = FilePath(prefix.string + ".pub")
    let pem = try key.pem(password: password ?? session.environment["OPZ_KEY_PASSWORD"].map { Array($0.utf8) })
    func claim(_ path: FilePath, _ bytes: [UInt8], mode: UInt32) throws {
      guard try Durable.createExclusively(path, with: bytes, mode: mode) else {
        throw FlowError(
          .conflict, path.string, reason: "the file exists", hint: "name another prefix; a key is never replaced")
      }
    }
    try claim(secret, pem, mode: 0o600)
    do { try claim(open, Array(key.publicKey.pem.utf8), mode: 0o644) } catch {
      // Half a key pair is useless and would block the next attempt.
      try? Durable.remove(secret)
      throw error
    }
    return (secret, open, key.publicKey)
  }
}
