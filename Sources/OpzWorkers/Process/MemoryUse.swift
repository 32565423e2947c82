#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Memory of processes and of the container, as the kernel counts it.
enum MemoryUse {
  /// The memory of one process: shared pages count in shares (proc(5), smaps_rollup).
  struct Process: Equatable {
    var bytes = 0
    /// Of these, what no other process can share.
    var ownBytes = 0
  }

  /// The memory of a process and of all others in its group; nil when it is gone or /proc is not mounted.
  static func ofGroup(_ pid: Int32) -> Process? {
    guard var sum = of(pid) else { return nil }
    for member in members(of: pid) where member != pid {
      guard let more = of(member) else { continue }
      sum.bytes += more.bytes
      sum.ownBytes += more.ownBytes
    }
    return sum
  }

  static func of(_ pid: Int32) -> Process? {
    guard let text = read("/proc/\(pid)/smaps_rollup") else { return nil }
    var use = Process()
    for line in text.split(separator: "\n") {
      if line.hasPrefix("Pss:") { use.bytes = kilobytes(line) }
      if line.hasPrefix("Pss_Anon:") { use.ownBytes = kilobytes(line) }
    }
    return use.bytes > 0 ? use : nil
  }

  /// `Pss:    1234 kB`
  private static func kilobytes(_ line: Substring) -> Int {
    (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }

  private static func members(of group: Int32) -> [Int32] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var found: [Int32] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard let pid = Int32(name), let text = read("/proc/\(pid)/stat") else { continue }
      // The program's name may hold anything, so the fields are counted from its end: state, parent, group.
      let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
      if fields.count > 3, Int32(fields[3]) == group { found.append(pid) }
    }
    return found
  }

  /// The least memory limit of the control groups that this process is in, in bytes; nil where there is none.
  static func limit() -> Int? {
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

  private static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 20 {
      let count = systemRead(file, &buffer)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }
}

private func systemRead(_ file: Int32, _ buffer: inout [UInt8]) -> Int { read(file, &buffer, buffer.count) }
