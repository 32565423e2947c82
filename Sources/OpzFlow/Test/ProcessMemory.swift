import OpzIO
import SystemPackage

/// Memory of processes, as Linux counts it (proc(5)).
enum ProcessMemory {
  /// The proportional set size of a process and of all below it, in bytes: what they have together, shared pages counted
  /// once. Nil where the kernel does not say it.
  static func proportional(ofTree root: Int32) -> UInt64? {
    var children: [Int32: [Int32]] = [:]
    for entry in (try? Directory.entries("/proc")) ?? [] {
      guard let pid = Int32(entry.string), let parent = parent(of: pid) else { continue }
      children[parent, default: []].append(pid)
    }
    var (total, waiting, seen): (UInt64, [Int32], Set<Int32>) = (0, [root], [])
    while let pid = waiting.popLast() {
      guard seen.insert(pid).inserted else { continue }
      total &+= own(pid) ?? 0
      waiting += children[pid] ?? []
    }
    return total > 0 ? total : nil
  }

  /// The fourth field of stat, behind the name in parentheses, which may have blanks and parentheses itself.
  private static func parent(of pid: Int32) -> Int32? {
    guard let text = text(FilePath("/proc/\(pid)/stat")), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    return fields.count > 1 ? Int32(fields[1]) : nil
  }

  private static func own(_ pid: Int32) -> UInt64? {
    guard
      let line = text(FilePath("/proc/\(pid)/smaps_rollup"))?.split(separator: "\n").first(where: {
        $0.hasPrefix("Pss:")
      }),
      let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) })
    else { return nil }
    return kibibytes.multipliedReportingOverflow(by: 1024).partialValue
  }

  private static func text(_ path: FilePath) -> String? {
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    guard let file = try? OpenFile.reading(path),
      let count = try? bytes.withUnsafeMutableBytes({ try file.read(at: 0, into: $0) })
    else { return nil }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
