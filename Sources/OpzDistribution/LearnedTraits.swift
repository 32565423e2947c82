import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import Synchronization
import SystemPackage

/// A registry's traits, shared by all uploads of a client and kept in a file.
final class LearnedTraits: Sendable {
  private let path: FilePath?
  private let state: Mutex<RegistryTraits>

  /// - Parameter directory: where the files are; nil to forget with the process.
  init(_ origin: Origin, in directory: FilePath?) {
    path = directory?.appending(LearnedTraits.name(origin))
    let known = path.flatMap { LearnedTraits.read($0, origin) }
    state = Mutex(known ?? RegistryTraits(registry: origin.description))
  }

  var current: RegistryTraits { state.withLock { $0 } }

  /// Changes what is known. A file that cannot be written costs the lesson, not the push.
  func learn(_ change: (inout RegistryTraits) -> Void) {
    let new: RegistryTraits? = state.withLock { traits in
      let old = traits
      change(&traits)
      guard traits != old else { return nil }
      traits.learned = Timestamp.now().milliseconds
      return traits
    }
    guard let new, let path, let bytes = try? CanonicalJSON.encodePretty(new) else { return }
    try? Durable.makeDirectory(path.removingLastComponent())
    try? Durable.replaceLazily(path, with: bytes)
  }

  private static func read(_ path: FilePath, _ origin: Origin) -> RegistryTraits? {
    guard let bytes = try? SmallFile.read(path, limit: 64 << 10),
      let traits = try? CanonicalJSON.decode(RegistryTraits.self, from: bytes, subject: path.string),
      traits.isUsable(for: origin.description, now: .now())
    else { return nil }
    return traits
  }

  // Two hosts that share a name only cost each other their lessons: the file says whose it is.
  private static func name(_ origin: Origin) -> String {
    let plain = origin.host.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") ? $0 : "_" }
    return "\(origin.scheme.rawValue)-\(String(plain.prefix(180)))-\(origin.port).json"
  }
}
