import OpzIO
import SystemPackage

/// Worker processes, told by what stands in their command.
enum WorkerProcesses {
  /// Workers that run and have this path, or one below it, among their arguments.
  static func of(_ path: FilePath) throws -> [Int32] {
    try Directory.entries("/proc").compactMap { entry in
      guard let pid = Int32(entry.string), let words = text("cmdline", of: pid), words.contains("opz_worker"),
        words.contains(path.string)
      else { return nil }
      return pid
    }
  }

  /// Children of a process that have ended and that it has not reaped.
  static func zombies(of parent: Int32) throws -> Int {
    try Directory.entries("/proc").count { entry in
      guard let pid = Int32(entry.string), let stat = text("stat", of: pid), let end = stat.lastIndex(of: ")") else {
        return false
      }
      let fields = stat[stat.index(after: end)...].split(separator: " ")
      return fields.count > 1 && fields[0] == "Z" && fields[1] == "\(parent)"
    }
  }

  /// The size of a file of /proc is 0, whatever it has.
  private static func text(_ name: String, of pid: Int32) -> String? {
    guard let file = try? OpenFile.reading(FilePath("/proc/\(pid)/\(name)")) else { return nil }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    guard let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }
}
