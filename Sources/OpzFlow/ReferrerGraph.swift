import OpzIO
import OpzOCI
import OpzStore

/// Everything that refers to an image, to one of its platforms' images, or to another referrer.
struct ReferrerGraph: Sendable {
  struct Referrer: Sendable, Hashable {
    /// With type and annotations as its own document has them.
    let descriptor: Descriptor
    let subject: Digest
  }

  /// Each after what it refers to.
  private(set) var referrers: [Referrer] = []

  /// More than this is not a signature here and an SBOM there, but a registry that never ends.
  static let limit = 1000
  static let depthLimit = 8

  /// - Parameters:
  ///   - roots: digests of the image's documents.
  ///   - progress: is told of what the list names and the source does not have.
  /// - Throws: `FlowError` of category `refused` past the limits.
  static func of(
    _ roots: [Digest], in source: some ReferrerReader, progress: any ProgressSink
  ) async throws -> ReferrerGraph {
    var graph = ReferrerGraph()
    var seen = Set(roots)
    var level = roots
    for _ in 0..<depthLimit where !level.isEmpty {
      var next: [Digest] = []
      // Some at a time, so that the limit is met before all of a wide level was read.
      for start in stride(from: 0, to: level.count, by: 8) {
        let some = Array(level[start..<min(start + 8, level.count)])
        let found = try await concurrently(some) { try await read($0, in: source, progress) }
        let new = found.flatMap { $0 }.filter { seen.insert($0.descriptor.digest).inserted }
        graph.referrers += new
        guard graph.referrers.count <= limit else { throw tooMany("more than \(limit) manifests refer to it") }
        next += new.map(\.descriptor.digest)
      }
      level = next
    }
    guard level.isEmpty else { throw tooMany("referrers refer to referrers deeper than \(depthLimit)") }
    return graph
  }

  /// The referrers of one digest, each read, because only its own document says what it refers to.
  private static func read(
    _ subject: Digest, in source: some ReferrerReader, _ progress: any ProgressSink
  ) async throws -> [Referrer] {
    let listed = try await source.referrers(of: subject)
    guard listed.count <= limit else { throw tooMany("more than \(limit) manifests refer to it") }
    var found: [Referrer] = []
    for entry in listed where entry.mediaType.isDocument {
      do {
        let bytes = try await source.bytes(entry)
        guard let own = try ReferrerEntry(bytes, entry.bare), own.subject == subject else {
          progress.report(.note("\(entry.digest.short) is listed as a referrer of \(subject.short) and is none"))
          continue
        }
        found.append(Referrer(descriptor: own.descriptor, subject: subject))
      } catch let error as any ExplainedError where error.category == .notFound {
        // A list under a fallback tag outlives what it names.
        progress.report(.note("\(entry.digest.short) is listed as a referrer of \(subject.short) and is not there"))
      }
    }
    return found
  }

  private static func tooMany(_ reason: String) -> FlowError {
    FlowError(.refused, "referrers", reason, hint: "--no-referrers takes the image alone")
  }
}
