internal import CLinux

/// Settings of the C library's heap.
public enum HeapLimits {
  /// Gives large arrays back to the system when they are freed, and lets threads share two heaps: with 100,000 files the defaults keep
  /// a third more memory. Called once, before other threads are there. musl has no such settings.
  public static func apply() {
    #if canImport(Glibc)
      mallopt(M_MMAP_THRESHOLD, 256 << 10)
      mallopt(M_ARENA_MAX, 2)
    #endif
  }
}
