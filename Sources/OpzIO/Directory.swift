public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Reading directories.
public enum Directory {
  /// The names in a directory, without `.` and `..`, sorted by their bytes: the order does not depend on locale or disk.
  public static func entries(_ path: FilePath) throws -> [FilePath.Component] {
    guard let stream = path.withPlatformString({ opendir($0) }) else { throw IOFailure.last("opendir", path) }
    defer { closedir(stream) }
    // The bytes are kept beside each name, because the order asks for them again and again.
    var names: [(bytes: [UInt8], component: FilePath.Component)] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw IOFailure.last("readdir", path) }
        break
      }
      let (bytes, name) = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
          let count = strnlen(UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self), 256)
          return (
            Array(UnsafeBufferPointer(start: bytes, count: count)),
            FilePath(platformString: UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self))
          )
        }
      }
      guard let component = name.lastComponent, component.kind == .regular else { continue }
      names.append((bytes, component))
    }
    return names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }.map(\.component)
  }

  /// A new empty directory under the system's temporary directory (`TMPDIR`, else `/tmp`), for this user only.
  public static func temporary(prefix: String = "opz-") throws -> FilePath {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/\(prefix)XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw IOFailure.last("mkdtemp", FilePath(base)) }
    return FilePath(platformString: template)
  }
}
