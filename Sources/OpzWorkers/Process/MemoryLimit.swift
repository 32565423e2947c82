import OpzIO
import SystemPackage

/// The memory limit of the control groups that this process is in (cgroups(7)).
enum MemoryLimit {
  /// The least of them in bytes; nil where there is none.
  static func current() -> Int? {
    var limits: [Int] = []
    for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[1].isEmpty {
        limits += levels(parts[2]).compactMap { number("/sys/fs/cgroup\($0)/memory.max") }
      } else if parts[1].split(separator: ",").contains("memory") {
        limits += levels(parts[2]).compactMap { number("/sys/fs/cgroup/memory\($0)/memory.limit_in_bytes") }
      }
    }
    // Version 1 writes a number near 2^63 where there is no limit.
    return limits.filter { $0 > 0 && $0 < 1 << 60 }.min()
  }

  /// `/a/b`, `/a` and the root.
  private static func levels(_ path: Substring) -> [String] {
    var parts = path.split(separator: "/")
    var found = [""]
    while !parts.isEmpty {
      found.append("/" + parts.joined(separator: "/"))
      parts.removeLast()
    }
    return found
  }

  private static func number(_ path: String) -> Int? {
    read(path).flatMap { Int($0.split(separator: "\n").first ?? "") }
  }

  /// Files of the kernel say no size.
  private static func read(_ path: String) -> String? {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    guard let file = try? OpenFile.reading(FilePath(path)),
      let count = try? bytes.withUnsafeMutableBytes({ try file.read(at: 0, into: $0) }), count > 0
    else { return nil }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
