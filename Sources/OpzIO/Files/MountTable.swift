public import SystemPackage

/// The mounts that this process sees (proc(5), /proc/PID/mountinfo).
public struct MountTable: Sendable {
  /// One mounted file system.
  public struct Mount: Sendable, Hashable {
    public let point: FilePath
    /// The file system's type: `ext4`, `nfs4`, `fuse.sshfs` ..
    public let type: String
    /// The file system's options, such as `local_lock=none`.
    public let options: [String]
  }

  public let mounts: [Mount]

  /// Parses the text of mountinfo; lines of another form are skipped.
  public init(parsing text: String) {
    mounts = text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ").map(String.init)
      // A line has six fields, any number of optional ones, a dash, and three more.
      guard let dash = fields.dropFirst(6).firstIndex(of: "-"), fields.count > dash + 3 else { return nil }
      return Mount(
        point: FilePath(MountTable.unescaped(fields[4])), type: fields[dash + 1],
        options: fields[dash + 3].split(separator: ",").map(String.init))
    }
  }

  /// Reads this process's mounts; nil where there is no /proc.
  public static func current() -> MountTable? {
    guard let file = try? OpenFile.reading("/proc/self/mountinfo") else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    // Stop at 4 MiB: no sensible machine has more mounts than that.
    while bytes.count < 4 << 20, let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0
    {
      bytes += buffer[..<count]
    }
    return MountTable(parsing: String(decoding: bytes, as: UTF8.self))
  }

  /// Returns the mount that a path without links is on: the one with the longest matching mount point, and of several
  /// there the last, which covers the others.
  public func mount(of path: FilePath) -> Mount? {
    mounts.enumerated().filter { path.starts(with: $0.element.point) }
      .max { ($0.element.point.components.count, $0.offset) < ($1.element.point.components.count, $1.offset) }?.element
  }

  /// Decodes the three octal digits with which spaces, tabs, line breaks and backslashes are written.
  private static func unescaped(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
