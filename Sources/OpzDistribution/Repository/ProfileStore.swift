import OpzHTTP
import OpzIO
import OpzJSON
import OpzOCI
import Synchronization
import SystemPackage

/// A registry profile that all uploads of a client share and that is saved to a file.
final class ProfileStore: Sendable {
  private let path: FilePath?
  private let state: Mutex<RemoteRegistryProfile>

  /// Loads the profile of an origin.
  /// - Parameter directory: where profiles are saved; nil to keep this one in memory only.
  init(_ origin: Origin, in directory: FilePath?) {
    path = directory?.appending(ProfileStore.name(origin))
    let known = path.flatMap { ProfileStore.read($0, origin) }
    state = Mutex(known ?? RemoteRegistryProfile(registry: origin.description))
  }

  var current: RemoteRegistryProfile { state.withLock { $0 } }

  /// Changes the profile and saves it. A failed write only means that the next process does not know the change.
  func learn(_ change: (inout RemoteRegistryProfile) -> Void) {
    let new: RemoteRegistryProfile? = state.withLock { profile in
      let old = profile
      change(&profile)
      guard profile != old else { return nil }
      profile.learned = Timestamp.now().milliseconds
      return profile
    }
    guard let new, let path, let bytes = try? CanonicalJSON.encodePretty(new) else { return }
    try? Durable.makeDirectory(path.removingLastComponent())
    try? Durable.replaceWithoutSync(path, with: bytes)
  }

  private static func read(_ path: FilePath, _ origin: Origin) -> RemoteRegistryProfile? {
    guard let bytes = try? SmallFile.read(path, limit: 64 << 10),
      let profile = try? CanonicalJSON.decode(RemoteRegistryProfile.self, from: bytes, subject: path.string),
      profile.isUsable(for: origin.description, now: .now())
    else { return nil }
    return profile
  }

  // Two hosts may map to the same file name; the file says which one it belongs to, so they only overwrite each
  // other's profile.
  private static func name(_ origin: Origin) -> String {
    let plain = origin.host.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") ? $0 : "_" }
    return "\(origin.scheme.rawValue)-\(String(plain.prefix(180)))-\(origin.port).json"
  }
}
