import Glibc

// <malloc.h> is not in Glibc's module map.
@_silgen_name("malloc_trim") private func trim(_ kept: Int) -> CInt

/// How much memory of this process was in use at once.
enum PeakMemory {
  /// Forgets the peak so far, and gives free memory back.
  static func reset() {
    _ = trim(0)
    // "5" resets the peak (proc(5)).
    let file = open("/proc/self/clear_refs", O_WRONLY)
    guard file >= 0 else { return }
    _ = write(file, "5", 1)
    close(file)
  }

  /// The peak since then and what is in use now, in bytes.
  static func now() -> (peak: Int, current: Int) {
    let file = open("/proc/self/status", O_RDONLY)
    guard file >= 0 else { return (0, 0) }
    defer { close(file) }
    let text = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      String(
        decoding: UnsafeRawBufferPointer(rebasing: buffer[..<max(0, read(file, buffer.baseAddress, 4096))]),
        as: UTF8.self)
    }
    func value(_ name: String) -> Int {
      let line = text.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
      return (line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) << 10
    }
    return (value("VmHWM:"), value("VmRSS:"))
  }
}
