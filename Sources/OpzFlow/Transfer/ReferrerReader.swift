import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// A source of content that also lists referrers.
protocol ReferrerReader: ContentReader {
  /// The manifests whose subject is `digest`.
  func referrers(of digest: Digest) async throws -> [Descriptor]

  /// The descriptor that a tag names; nil if there is none.
  func named(_ tag: String) async throws -> Descriptor?
}

extension RemoteRepository: ReferrerReader {
  func named(_ tag: String) async throws -> Descriptor? {
    do {
      return try await resolve(tag)
    } catch let error as DistributionError where error.code == .notFound {
      return nil
    }
  }
}

/// An OCI layout whose referrers are indexed once, so that a thousand of them are not read again for each lookup.
struct LayoutSource: ReferrerReader {
  private let layout: LayoutStore
  private let referrers: [Digest: [Descriptor]]
  private let tags: [String: Descriptor]

  /// Reads every document that the layout lists.
  init(_ layout: LayoutStore) throws {
    self.layout = layout
    referrers = try layout.referrers()
    let tagged = try layout.index().manifests.compactMap { entry in
      entry.annotations?[LayoutStore.tagAnnotation].map { ($0, entry.withoutAnnotations) }
    }
    tags = Dictionary(tagged, uniquingKeysWith: { one, _ in one })
  }

  func referrers(of digest: Digest) async throws -> [Descriptor] { referrers[digest] ?? [] }
  func named(_ tag: String) async throws -> Descriptor? { tags[tag] }
  func contains(_ descriptor: Descriptor) async throws -> Bool { try layout.has(descriptor) }
  func blob(_ descriptor: Descriptor) async throws -> any Blob { try layout.file(descriptor) }
}
