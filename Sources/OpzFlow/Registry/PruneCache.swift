public import OpzIO
import OpzKubernetes
public import OpzRegistry
import SystemPackage

/// `opz cache prune`: removes what can be fetched or computed again from the registry's `cache/`, the least recently
/// used first. Versions need nothing of it.
public struct PruneCache: Sendable {
  /// One kind of content: `wheels`, the listings of bases' layers in `names`.
  public struct Part: Sendable, Encodable, Equatable {
    public let name: String
    public let entries: Int
    public let bytes: UInt64
  }

  /// What is there and what was removed.
  public struct Report: Sendable {
    /// Before anything was removed, by name.
    public let parts: [Part]
    public let removedEntries: Int
    public let removedBytes: UInt64
    public let limit: UInt64
  }

  private struct Entry {
    let path: FilePath
    let bytes: UInt64
    /// The last use, in nanoseconds since 1970.
    let used: Int64
  }

  /// The limit without `OPZ_CACHE_LIMIT`: 20 GiB.
  public static let usualLimit: UInt64 = 20 << 30
  /// What was used within the last hour may be in use now.
  private static let grace: Int64 = 3_600 * 1_000_000_000
  /// Unfinished transfers, and small files that opz keeps in order itself.
  private static let kept: Set<String> = ["uploads", "push", "state", "fields"]

  private let limit: UInt64
  private let isDryRun: Bool
  private let onlyFiles: Bool
  private let session: Session

  /// - Parameters:
  ///   - limit: the bytes that may stay; nil for `OPZ_CACHE_LIMIT`, or else 20 GiB.
  ///   - isDryRun: whether to change nothing.
  ///   - onlyFiles: leaves directories out, which take time to measure: the environments of `opz serve`.
  /// - Throws: `FlowError` of category `usage` for a limit that is not a size.
  public init(limit: String? = nil, isDryRun: Bool = false, onlyFiles: Bool = false, in session: Session) throws {
    let setting = session.environment["OPZ_CACHE_LIMIT"].flatMap { $0.isEmpty ? nil : $0 }
    self.limit =
      try (limit ?? setting).map { text in
        try PruneCache.size(text, of: limit == nil ? "OPZ_CACHE_LIMIT" : "--limit")
      } ?? PruneCache.usualLimit
    self.isDryRun = isDryRun
    self.onlyFiles = onlyFiles
    self.session = session
  }

  /// `10Gi`, `10GiB` or a number of bytes; `0` removes all.
  private static func size(_ text: String, of key: String) throws -> UInt64 {
    if text == "0" { return 0 }
    let plain = text.hasSuffix("iB") ? String(text.dropLast()) : text
    guard let quantity = try? Quantity(plain, key: key) else {
      throw FlowError(
        .usage, "\(key) \(text.prefix(40))", reason: "not a size", hint: "write 10Gi, 500Mi, or 0 for nothing")
    }
    return UInt64(quantity.units)
  }

  /// - Throws: `IOFailure`.
  public func run(_ registry: Registry) async throws -> Report {
    let cache = registry.cacheDirectory
    return try await blocking {
      let found = try entries(in: cache)
      let parts = found.map { name, entries in
        Part(name: name, entries: entries.count, bytes: entries.reduce(0) { $0 &+ $1.bytes })
      }.sorted { $0.name < $1.name }
      let chosen = chosen(found.values.flatMap { $0 })
      if !isDryRun {
        for entry in chosen { try PruneCache.remove(entry.path) }
      }
      return Report(
        parts: parts, removedEntries: chosen.count, removedBytes: chosen.reduce(0) { $0 &+ $1.bytes }, limit: limit)
    }
  }

  private func chosen(_ entries: [Entry]) -> [Entry] {
    var total = entries.reduce(UInt64(0)) { $0 &+ $1.bytes }
    let now = Timestamp.now().milliseconds &* 1_000_000
    var chosen: [Entry] = []
    for entry in entries.sorted(by: { $0.used < $1.used }) where total > limit {
      guard now &- entry.used > PruneCache.grace || limit == 0 else { break }
      chosen.append(entry)
      total &-= min(total, entry.bytes)
    }
    return chosen
  }

  private func entries(in cache: FilePath) throws -> [String: [Entry]] {
    var found: [String: [Entry]] = [:]
    guard try FileStatus.find(cache)?.kind == .directory else { return [:] }
    for part in try Directory.entries(cache) where !PruneCache.kept.contains(part.string) {
      let directory = cache.appending(part)
      guard try FileStatus.find(directory, followLinks: false)?.kind == .directory else { continue }
      found[part.string] = try Directory.entries(directory).compactMap { name in
        let path = directory.appending(name)
        guard let status = try FileStatus.find(path, followLinks: false) else { return nil }
        if status.kind == .directory, onlyFiles { return nil }
        let bytes = status.kind == .directory ? try PruneCache.size(of: path) : status.size
        return Entry(path: path, bytes: bytes, used: status.modified)
      }
    }
    return found
  }

  /// The bytes of a tree: an environment is removed as a whole.
  private static func size(of directory: FilePath) throws -> UInt64 {
    try Directory.entries(directory).reduce(0) { sum, name in
      let path = directory.appending(name)
      guard let status = try FileStatus.find(path, followLinks: false) else { return sum }
      return sum &+ (status.kind == .directory ? try size(of: path) : status.size)
    }
  }

  /// Another process may have removed it already.
  private static func remove(_ path: FilePath) throws {
    guard let status = try FileStatus.find(path, followLinks: false) else { return }
    try status.kind == .directory ? Durable.removeTree(path) : Durable.remove(path)
  }
}
