#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The process's current resource usage.
package struct ProcessUsage {
  /// User and system time together.
  package let cpuSeconds: Double
  /// Resident memory; nil if /proc is not mounted.
  package let residentBytes: UInt64?

  package static func now() -> ProcessUsage {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return ProcessUsage(
      cpuSeconds: Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9, residentBytes: residentBytes())
  }

  /// The second field of /proc/self/statm is the resident pages (proc(5)).
  private static func residentBytes() -> UInt64? {
    let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = read(file, &buffer, buffer.count)
    guard count > 0 else { return nil }
    let fields = buffer[..<count].split(separator: UInt8(ascii: " "))
    guard fields.count > 1, let pages = UInt64(String(decoding: fields[1], as: UTF8.self)) else { return nil }
    let (bytes, overflow) = pages.multipliedReportingOverflow(by: UInt64(max(1, sysconf(Int32(_SC_PAGESIZE)))))
    return overflow ? nil : bytes
  }
}

/// Milliseconds since 1970.
package func unixMilliseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return UInt64(max(0, time.tv_sec)) &* 1000 &+ UInt64(max(0, time.tv_nsec) / 1_000_000)
}
