import OpzIO
import OpzOCI
import OpzStore

/// Everything that refers to an image, to one of its platforms' images, or to another referrer.
///
/// Each document is read once and then dropped: of a thousand 4 MiB documents, only their descriptors stay in memory.
struct ReferrerGraph: Sendable {
  struct Referrer: Sendable, Hashable {
    /// With the type and the short annotations from its own document.
    let descriptor: Descriptor
    let subject: Digest
    /// The descriptors that its document lists; for an index, the documents below it are not read yet.
    let parts: [Descriptor]
  }

  /// In order: each after its subject.
  private(set) var referrers: [Referrer] = []
  private var parts = 0

  /// No real image has more referrers; past this, the registry is faulty or malicious.
  static let limit = 1000
  static let depthLimit = 8
  /// The most blobs and manifests that all referrers together may list.
  static let partLimit = 100_000
  /// Documents up to this size, in bytes, are read concurrently; larger ones one at a time.
  private static let concurrentReadLimit: UInt64 = 64 << 10

  /// Walks the referrers of all roots.
  /// - Parameters:
  ///   - roots: digests of the image's documents.
  ///   - progress: notified of listed referrers that the source does not have.
  ///   - left: if given, referrers that are invalid or over a limit are reported there and skipped; if nil, they end
  ///     the walk.
  /// - Throws: `FlowError` of category `refused` if a limit is exceeded.
  static func of(
    _ roots: [Digest], in source: some ReferrerReader, progress: any ProgressSink, left: SkippedContent? = nil
  ) async throws -> ReferrerGraph {
    var graph = ReferrerGraph()
    var seen = Set(roots)
    var level = roots
    for _ in 0..<depthLimit where !level.isEmpty {
      var next: [Digest] = []
      // In batches, so that a limit applies before a whole wide level has been read.
      for start in stride(from: 0, to: level.count, by: 8) {
        let some = Array(level[start..<min(start + 8, level.count)])
        let listed = try await concurrently(some) { try await list($0, in: source, left) }.flatMap { $0 }
        var new = listed.filter { seen.insert($0.entry.digest).inserted }
        let room = limit - graph.referrers.count
        if new.count > room {
          guard let left else { throw tooMany("more than \(limit) manifests refer to it") }
          await left.add("\(new.count - room) of the referrers", "at most \(limit) are read")
          new.removeLast(new.count - room)
        }
        let found = try await read(new, in: source, progress, left: left)
        do {
          try graph.add(found)
        } catch let error as FlowError {
          guard let left else { throw error }
          await left.add("the rest of the referrers", error.reason)
          return graph
        }
        next += found.map(\.descriptor.digest)
      }
      level = next
    }
    if !level.isEmpty {
      guard let left else { throw tooMany("referrers are nested deeper than \(depthLimit)") }
      await left.add("the referrers of referrers", "they are nested deeper than \(depthLimit)")
    }
    return graph
  }

  private struct Listed: Sendable {
    let entry: Descriptor
    let subject: Digest
  }

  private mutating func add(_ found: [Referrer]) throws {
    referrers += found
    parts += found.reduce(0) { $0 + $1.parts.count }
    guard parts <= ReferrerGraph.partLimit else {
      throw ReferrerGraph.tooMany("its referrers list more than \(ReferrerGraph.partLimit) blobs")
    }
  }

  private static func list(
    _ subject: Digest, in source: some ReferrerReader, _ left: SkippedContent?
  ) async throws -> [Listed] {
    let listed: [Descriptor]
    if let left {
      listed =
        try await left.trying("the referrers of \(subject.short)") { try await source.referrers(of: subject) } ?? []
    } else {
      listed = try await source.referrers(of: subject)
      guard listed.count <= limit else { throw tooMany("more than \(limit) manifests refer to it") }
    }
    return listed.filter { $0.mediaType.isDocument }.map { Listed(entry: $0.withShortAnnotations, subject: subject) }
  }

  /// Reads the listed documents and keeps actual referrers; only a document itself says what it refers to.
  private static func read(
    _ listed: [Listed], in source: some ReferrerReader, _ progress: any ProgressSink, left: SkippedContent?
  ) async throws -> [Referrer] {
    var found: [Referrer?] = []
    var rest = listed[...]
    while let first = rest.first {
      let small = rest.prefix { $0.entry.size <= concurrentReadLimit }
      let next = small.isEmpty ? [first] : Array(small)
      found += try await concurrently(next) { one in
        guard let left else { return try await read(one, in: source, progress) }
        return try await left.trying("the referrer \(one.entry.digest.short)") {
          try await read(one, in: source, progress)
        } ?? nil
      }
      rest = rest.dropFirst(next.count)
    }
    return found.compactMap { $0 }
  }

  private static func read(
    _ listed: Listed, in source: some ReferrerReader, _ progress: any ProgressSink
  ) async throws -> Referrer? {
    let (entry, subject) = (listed.entry, listed.subject)
    do {
      let bytes = try await source.bytes(entry)
      guard let own = try ReferrerEntry(bytes, entry.withoutAnnotations), own.subject == subject else {
        progress.report(.note("\(entry.digest.short) is listed as a referrer of \(subject.short), but is not one"))
        return nil
      }
      let parts =
        entry.mediaType.isIndex
        ? try Index(raw: bytes, mediaType: entry.mediaType, subject: "\(entry.digest)").content.manifests
        : try Manifest(raw: bytes, mediaType: entry.mediaType, subject: "\(entry.digest)").references
      return Referrer(
        descriptor: own.descriptor.withShortAnnotations, subject: subject, parts: parts.map(\.withoutAnnotations))
    } catch let error as any ExplainedError where error.category == .notFound {
      // The list under a fallback tag can outlive what it lists.
      progress.report(.note("\(entry.digest.short) is listed as a referrer of \(subject.short), but does not exist"))
      return nil
    }
  }

  private static func tooMany(_ reason: String) -> FlowError {
    FlowError(.refused, "referrers", reason: reason, hint: "--no-referrers copies only the image")
  }
}

extension ReferrerGraph.Referrer {
  /// The blobs and documents to copy. A manifest's are known already; an index is read recursively.
  func content(in source: some ContentReader) async throws -> ContentGraph {
    if descriptor.mediaType.isIndex { return try await ContentGraph.of(descriptor.withoutAnnotations, in: source) }
    var graph = ContentGraph()
    var seen: Set<Digest> = []
    graph.blobs = parts.filter { seen.insert($0.digest).inserted }
    graph.documents = [descriptor]
    return graph
  }
}
