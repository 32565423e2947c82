import OpzFlow
import OpzIO

/// Keeps the registry's cache below its limit after a command that adds to it.
enum CacheLimit {
  /// Removes what was used least recently. A cache that cannot be pruned is no reason to fail.
  static func keep(_ session: Session) async {
    do {
      let report = try await PruneCache(onlyFiles: true, in: session).run(session.openRegistry())
      guard report.removedEntries > 0 else { return }
      session.progress.report(
        .note("removed \(ByteCount.text(report.removedBytes)) from the cache, which is above OPZ_CACHE_LIMIT"))
    } catch let error as any ExplainedError where error.category == .usage {
      session.progress.report(.note("warning: the cache was not pruned: \(error.subject): \(error.reason)"))
    } catch { return }
  }
}
