internal import CLinux

/// Settings of the C library's heap allocator.
public enum HeapLimits {
  /// Makes the allocator return large arrays to the system when they are freed, and limits it to two arenas: with
  /// 100,000 files the defaults use a third more memory. Call it once, before other threads start. musl has no such
  /// settings.
  public static func apply() {
    #if canImport(Glibc)
      mallopt(M_MMAP_THRESHOLD, 256 << 10)
      mallopt(M_ARENA_MAX, 2)
    #endif
  }

  /// Makes the allocator keep freed arrays of up to 32 MiB for the next ones, for work that goes through a stream piece by
  /// piece: mapping and clearing the memory of each piece anew takes an eighth of its time.
  public static func keepFreedArrays() {
    #if canImport(Glibc)
      mallopt(M_MMAP_THRESHOLD, 32 << 20)
      mallopt(M_TRIM_THRESHOLD, 64 << 20)
    #endif
  }
}
