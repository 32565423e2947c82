import OpzIO
import SystemPackage

/// Virtual environments in a registry's cache: one for each lock of packages, made by whoever needs it first.
///
///     cache/environments/KEY/        the environment, with a file `opz-whole` once it is complete
///     cache/environments/KEY.lock    held shared by whoever runs it, exclusively by whoever makes or removes it
struct PythonEnvironments: Sendable {
  /// Days without use after which `opz gc` removes one: making it again takes a minute.
  static let days: Int64 = 30

  private let root: FilePath

  init(_ cache: FilePath) { root = cache.appending("environments") }

  /// An environment that is not removed as long as this value lives.
  final class Held: Sendable {
    let python: FilePath
    private let lock: FileLock

    fileprivate init(_ python: FilePath, _ lock: consuming FileLock) {
      self.python = python
      self.lock = lock
    }
  }

  private func place(_ key: String) -> FilePath { root.appending(key) }
  private func lock(_ key: String) -> FilePath { root.appending("\(key).lock") }
  private func mark(_ key: String) -> FilePath { place(key).appending("opz-whole") }

  private func isWhole(_ key: String) throws -> Bool { try FileStatus.find(mark(key)) != nil }

  /// The environment of a key, which is made where it is not there. Blocks, also while another process makes it.
  /// - Parameter make: puts it into a directory that does not exist.
  func take(_ key: String, make: (FilePath) throws -> Void) throws -> Held {
    try Durable.makeDirectory(root)
    while true {
      if try !isWhole(key) {
        try FileLock.holding(lock(key), .exclusive) {
          // Another process may have made it while this one waited.
          if try !isWhole(key) { try self.make(key, make) }
        }
      }
      let held = try FileLock.take(lock(key), .shared)
      // It may have been removed before it was held.
      guard try isWhole(key) else { continue }
      // The time of its last use.
      try Durable.replaceWithoutSync(mark(key), with: [])
      return Held(place(key).appending("bin").appending("python"), held)
    }
  }

  private func make(_ key: String, _ make: (FilePath) throws -> Void) throws {
    // What a killed process left is not whole.
    try Durable.removeTree(place(key))
    try make(place(key))
    try Durable.replace(mark(key), with: [])
  }

  /// Removes what is not complete, and what was not used for `days`, unless a process runs it.
  /// - Returns: how many were removed, or would be.
  func collect(isDryRun: Bool, now: Timestamp = .now()) throws -> Int {
    guard try FileStatus.find(root) != nil else { return 0 }
    var count = 0
    for name in try Directory.entries(root).map(\.string) {
      guard try FileStatus.find(root.appending(name), followLinks: false)?.kind == .directory,
        let held = try FileLock.tryTake(lock(name), .exclusive)
      else { continue }
      if let used = try FileStatus.find(mark(name))?.modified,
        now.milliseconds - used / 1_000_000 < PythonEnvironments.days * 86_400_000
      {
        continue
      }
      if !isDryRun { try Durable.removeTree(root.appending(name)) }
      _ = consume held
      count += 1
    }
    return count
  }
}
