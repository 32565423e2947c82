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
  /// What this process's connections have carried in each direction.
  private let evidence = Mutex([Direction: ConnectionEvidence]())

  /// Which way the bytes of a blob go.
  enum Direction {
    case upload, download

    /// Fewer bytes show no limit.
    var least: UInt64 { self == .upload ? ConnectionLimit.smallestUpload : ConnectionLimit.smallestDownload }

    var limit: any WritableKeyPath<RemoteRegistryProfile, ConnectionLimit?> & Sendable {
      self == .upload ? \.uploadLimit : \.downloadLimit
    }

    var once: any WritableKeyPath<RemoteRegistryProfile, ConnectionLimit?> & Sendable {
      self == .upload ? \.uploadBreak : \.downloadBreak
    }
  }

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

  /// Takes that a connection carried this much and did not break.
  func carried(_ use: ConnectionUse, _ direction: Direction) {
    let (bytes, milliseconds) = ProfileStore.figures(use, direction)
    evidence.withLock { $0[direction, default: ConnectionEvidence()].carried(bytes, milliseconds: milliseconds) }
  }

  /// Takes that a connection broke for the first time in an upload or download that lost nothing. That may be an accident,
  /// so it is a limit only if another connection broke there before, in this process or an earlier one.
  /// - Returns: as `broke`.
  func brokeOnce(_ use: ConnectionUse, _ direction: Direction) -> Bool {
    let (bytes, milliseconds) = ProfileStore.figures(use, direction)
    let once = direction.once
    if let before = current[keyPath: once], before.isNear(bytes, milliseconds: milliseconds) {
      return broke(use, direction, after: before)
    }
    guard bytes >= direction.least else { return false }
    let now = Timestamp.now().milliseconds
    learn { $0[keyPath: once] = ConnectionLimit(bytes, milliseconds: milliseconds, after: nil, now: now) }
    return false
  }

  /// Takes that a connection broke, and learns a limit from it unless it says nothing.
  /// - Parameter before: an earlier break at the same place.
  /// - Returns: true for a limit that is new or clearly stricter than before.
  func broke(_ use: ConnectionUse, _ direction: Direction, after before: ConnectionLimit? = nil) -> Bool {
    let (bytes, milliseconds) = ProfileStore.figures(use, direction)
    let isEvident = evidence.withLock {
      $0[direction, default: ConnectionEvidence()].showsLimit(
        bytes, milliseconds: milliseconds, least: direction.least)
    }
    guard isEvident else { return false }
    let now = Timestamp.now().milliseconds
    var isStricter = false
    learn { profile in
      let old = profile[keyPath: direction.limit]
      let new = ConnectionLimit(bytes, milliseconds: milliseconds, after: old ?? before, now: now)
      isStricter = old.map { new.isStricter(than: $0) } ?? true
      profile[keyPath: direction.limit] = new
      profile[keyPath: direction.once] = nil
    }
    return isStricter
  }

  private static func figures(_ use: ConnectionUse, _ direction: Direction) -> (UInt64, Int64) {
    (direction == .upload ? use.sent : use.received, use.milliseconds)
  }

  private static func read(_ path: FilePath, _ origin: Origin) -> RemoteRegistryProfile? {
    guard let bytes = try? SmallFile.read(path, limit: 64 << 10),
      let profile = try? CanonicalJSON.decode(RemoteRegistryProfile.self, from: bytes, subject: path.string),
      profile.isUsable(for: origin.description, now: .now())
    else { return nil }
    return profile.withoutOldLimits(now: .now())
  }

  // Two hosts may map to the same file name; the file says which one it belongs to, so they only overwrite each
  // other's profile.
  private static func name(_ origin: Origin) -> String {
    let plain = origin.host.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") ? $0 : "_" }
    return "\(origin.scheme.rawValue)-\(String(plain.prefix(180)))-\(origin.port).json"
  }
}
