import SystemPackage

/// Memory of processes, as Linux counts it (proc(5), smaps_rollup): the proportional set size, in which a page that several
/// processes share counts in shares.
public struct ProcessMemory: Sendable, Equatable {
  /// The proportional set size in bytes.
  public var bytes: UInt64 = 0
  /// Of these, the bytes that no file backs: what each further process of the same program needs anew.
  public var ownBytes: UInt64 = 0
  /// Bytes of pages that no other process has: what ends with this one.
  public var privateBytes: UInt64 = 0

  /// The memory of one process.
  /// - Returns: nil when it is gone, or the kernel does not say it.
  public static func of(_ pid: Int32) -> ProcessMemory? {
    guard pid > 0, let text = text("smaps_rollup", of: pid) else { return nil }
    var memory = ProcessMemory()
    for line in text.split(separator: "\n") {
      if line.hasPrefix("Pss:") { memory.bytes = kibibytes(line) }
      if line.hasPrefix("Pss_Anon:") { memory.ownBytes = kibibytes(line) }
      if line.hasPrefix("Private_Clean:") || line.hasPrefix("Private_Dirty:") {
        memory.privateBytes &+= kibibytes(line)
      }
    }
    return memory.bytes > 0 ? memory : nil
  }

  /// The memory of a process and of all others in the process group that it leads.
  /// - Returns: nil when the process is gone, or the kernel does not say it.
  public static func ofGroup(_ leader: Int32) -> ProcessMemory? {
    guard let own = of(leader) else { return nil }
    return relations().filter { $0.group == leader && $0.pid != leader }
      .reduce(into: own) { sum, member in sum.add(of(member.pid)) }
  }

  /// The memory of a process and of all below it: what they have together.
  /// - Returns: nil where the kernel does not say it.
  public static func ofTree(_ root: Int32) -> ProcessMemory? {
    let children = Dictionary(grouping: relations(), by: \.parent)
    var (sum, waiting, seen): (ProcessMemory, [Int32], Set<Int32>) = (ProcessMemory(), [root], [])
    while let pid = waiting.popLast() {
      guard seen.insert(pid).inserted else { continue }
      sum.add(of(pid))
      waiting += (children[pid] ?? []).map(\.pid)
    }
    return sum.bytes > 0 ? sum : nil
  }

  private mutating func add(_ other: ProcessMemory?) {
    guard let other else { return }
    bytes &+= other.bytes
    ownBytes &+= other.ownBytes
    privateBytes &+= other.privateBytes
  }

  /// `Pss:    1234 kB`
  private static func kibibytes(_ line: Substring) -> UInt64 {
    let number = line.split(separator: " ").dropFirst().first.flatMap { UInt64($0) } ?? 0
    return number.multipliedReportingOverflow(by: 1024).partialValue
  }

  private struct Relation {
    let pid: Int32
    let parent: Int32
    let group: Int32
  }

  private static func relations() -> [Relation] {
    ((try? Directory.entries("/proc")) ?? []).compactMap { entry in
      guard let pid = Int32(entry.string), let text = text("stat", of: pid), let end = text.lastIndex(of: ")") else {
        return nil
      }
      // The program's name may hold anything, so fields are counted from its end: state, parent, group.
      let fields = text[text.index(after: end)...].split(separator: " ")
      guard fields.count > 2, let parent = Int32(fields[1]), let group = Int32(fields[2]) else { return nil }
      return Relation(pid: pid, parent: parent, group: group)
    }
  }

  private static func text(_ name: String, of pid: Int32) -> String? {
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    guard let file = try? OpenFile.reading(FilePath("/proc/\(pid)/\(name)")),
      let count = try? bytes.withUnsafeMutableBytes({ try file.read(at: 0, into: $0) })
    else { return nil }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
