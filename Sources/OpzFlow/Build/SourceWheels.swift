import OpzIO
import OpzPython
import SystemPackage

/// Wheels of packages that are source code, built with uv while locking. It blocks.
struct SourceWheels: Sendable {
  /// A wheel that belongs to a lock.
  struct Built: Sendable {
    /// Where the lock says that it is.
    let path: FilePath
    /// Where its bytes are: in the registry's cache, by their digest.
    let from: FilePath
  }

  /// With an absolute directory.
  let project: PythonProject
  let target: PythonTarget
  let session: Session

  /// Builds the wheel of each package that a lock names by its source, and names the wheel instead.
  /// - Parameters:
  ///   - path: where the lock will be.
  ///   - before: the lock's former text. The wheel of a commit in it is kept.
  func build(in text: inout String, at path: FilePath, before: String?) throws -> [Built] {
    let sources = try PythonLock(text, subject: path.string).sources(for: target)
    guard !sources.isEmpty else { return [] }
    let cache = try session.createRegistry().cacheDirectory
    let beside = path.removingLastComponent()
    // What an interrupted build leaves is in the cache, and not in the project.
    let room = cache.appending("\(Durable.temporaryPrefix)build-\(UInt64.random(in: 0...UInt64.max))")
    defer { try? Durable.removeTree(room) }
    var built: [Built] = []
    for (number, source) in sources.enumerated() {
      if let wheel = try kept(source, before, beside: beside) {
        text = try BuiltWheels.name(wheel.name, at: wheel.path, wheel.digest, for: source, in: text)
        continue
      }
      session.progress.report(.note("building the wheel of \(source)"))
      let directory = room.appending("\(number)")
      try Durable.makeDirectory(directory)
      let real = RealPath.of(beside.isEmpty ? "." : beside) ?? beside
      let made = try UvBuild(for: target, in: project.directory, environment: session.environment)
        .build(source, beside: real, in: directory)
      let digest = try SourceWheels.digest(made.file)
      let file = cache.appending("wheels").appending("\(digest.hex).whl")
      try SourceWheels.write(made.file, to: file)
      let place = "\(BuiltWheels.directory)/\(made.name)"
      text = try BuiltWheels.name(made.name, at: place, digest, for: source, in: text)
      built.append(Built(path: beside.pushing(FilePath(place)), from: file))
    }
    return built
  }

  /// The wheel that the former lock has of the same commit, if its file is still there.
  private func kept(
    _ source: SourcePackage, _ before: String?, beside: FilePath
  ) throws -> (name: WheelName, path: String, digest: Digest)? {
    guard case .git = source.place, let before, let lock = try? PythonLock(before, subject: "") else { return nil }
    guard let wheel = lock.wheel(builtFrom: source), case .path(let path) = wheel.location else { return nil }
    let file = beside.pushing(FilePath(path))
    guard try FileStatus.find(file)?.kind == .file, try SourceWheels.digest(file) == wheel.digest,
      wheel.name.tags.contains(where: { target.rank($0) != nil })
    else { return nil }
    return (wheel.name, path, wheel.digest)
  }

  private static func digest(_ file: FilePath) throws -> Digest {
    var hasher = DigestHasher(.sha256)
    try FileBlob(file).forEachChunk { hasher.update($0) }
    return hasher.finish()
  }

  /// Copies a wheel to its place, durably, unless it is there.
  static func write(_ source: FilePath, to path: FilePath) throws {
    if try FileStatus.find(path)?.kind == .file, try digest(path) == digest(source) { return }
    try Durable.makeDirectory(path.removingLastComponent())
    let new = try NewFile(in: path.removingLastComponent(), mode: 0o644)
    try FileBlob(source).forEachChunk { try new.file.write($0) }
    try new.replace(path)
  }
}
