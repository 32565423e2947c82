import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A directory in which files are created. Each component of a path is opened separately with O_NOFOLLOW, so that no
/// path leads out of the directory, whatever other processes do in it meanwhile.
final class UnpackRoot {
  struct Owner {
    let uid: UInt32
    let gid: UInt32
  }

  private let root: Handle
  private let place: FilePath
  private var lastParent: (path: FilePath, handle: Handle)?

  /// An open directory with several owners.
  private final class Handle {
    let file: OpenFile
    init(_ file: consuming OpenFile) { self.file = file }
  }

  init(_ directory: FilePath) throws {
    root = Handle(try OpenFile.opening(directory, O_RDONLY | O_DIRECTORY, mode: 0))
    place = directory
  }

  func makeDirectory(_ path: FilePath) throws {
    try inParent(path) { parent, name in mkdirat(parent, name, 0o700) == 0 ? nil : "mkdir" }
  }

  /// Creates a new file, with mode 0600 until `set`.
  func makeFile(_ path: FilePath) throws -> OpenFile {
    var descriptor: Int32 = -1
    try inParent(path) { parent, name in
      descriptor = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      return descriptor >= 0 ? nil : "open"
    }
    return OpenFile(adopting: descriptor, path: place.appending(path.components))
  }

  func makeHardLink(_ path: FilePath, to existing: FilePath) throws {
    let source = try parent(of: existing)
    try withExtendedLifetime(source) {
      try inParent(path) { parent, name in
        let result = UnpackRoot.withName(of: existing) { linkat(source.file.descriptor, $0, parent, name, 0) }
        return result == 0 ? nil : "link"
      }
    }
  }

  func makeLink(_ path: FilePath, to target: [UInt8], owner: Owner?) throws {
    let text = target.map { CChar(bitPattern: $0) } + [0]
    try inParent(path) { parent, name in
      guard symlinkat(text, parent, name) == 0 else { return "symlink" }
      guard let owner else { return nil }
      return fchownat(parent, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) == 0 ? nil : "chown"
    }
  }

  func setDirectory(_ path: FilePath, mode: UInt32, owner: Owner?) throws {
    let directory = try open(path.components, path)
    try UnpackRoot.set(directory.file, mode: mode, owner: owner)
  }

  /// Sets the owner first, because chown(2) clears setuid.
  static func set(_ file: borrowing OpenFile, mode: UInt32, owner: Owner?) throws {
    if let owner, fchown(file.descriptor, owner.uid, owner.gid) != 0 { throw IOFailure.last("chown", file.path) }
    try file.setMode(mode)
  }

  /// Runs a system call with the open parent directory and the last component; it returns the name of the call if
  /// that failed.
  private func inParent(_ path: FilePath, _ call: (Int32, UnsafePointer<CChar>) -> String?) throws {
    let parent = try parent(of: path)
    let failed = withExtendedLifetime(parent) {
      UnpackRoot.withName(of: path) { call(parent.file.descriptor, $0) }
    }
    if let failed { throw IOFailure.last(failed, place.appending(path.components)) }
  }

  /// Neighboring files come one after another, so the last parent stays open.
  private func parent(of path: FilePath) throws -> Handle {
    let above = path.removingLastComponent()
    if above.isEmpty { return root }
    if let lastParent, lastParent.path == above { return lastParent.handle }
    let handle = try open(above.components, path)
    lastParent = (above, handle)
    return handle
  }

  private func open(_ components: FilePath.ComponentView, _ path: FilePath) throws -> Handle {
    var current = root
    for component in components {
      let next = withExtendedLifetime(current) {
        component.withPlatformString {
          openat(current.file.descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
      }
      guard next >= 0 else { throw IOFailure.last("open", place.appending(path.components)) }
      current = Handle(OpenFile(adopting: next, path: place.appending(path.components)))
    }
    return current
  }

  private static func withName<Value>(of path: FilePath, _ body: (UnsafePointer<CChar>) -> Value) -> Value {
    path.lastComponent?.withPlatformString(body) ?? "".withCString(body)
  }
}
