import OpzDistribution
import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore

/// Content with what refers to it.
protocol ReferrerReader: ContentReader {
  /// The manifests whose subject is `digest`.
  func referrers(of digest: Digest) async throws -> [Descriptor]

  /// What a tag names; nil where there is none.
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

/// An OCI layout with what its manifests refer to, read once: a thousand referrers are not read anew for each of them.
struct LayoutSource: ReferrerReader {
  private let layout: LayoutStore
  private let referrers: [Digest: [Descriptor]]
  private let tags: [String: Descriptor]

  /// It reads each document that the layout lists.
  init(_ layout: LayoutStore) throws {
    self.layout = layout
    referrers = try layout.referrers()
    let tagged = try layout.index().manifests.compactMap { entry in
      entry.annotations?[LayoutStore.tagAnnotation].map { ($0, entry.bare) }
    }
    tags = Dictionary(tagged, uniquingKeysWith: { one, _ in one })
  }

  func referrers(of digest: Digest) async throws -> [Descriptor] { referrers[digest] ?? [] }
  func named(_ tag: String) async throws -> Descriptor? { tags[tag] }
  func contains(_ descriptor: Descriptor) async throws -> Bool { try layout.has(descriptor) }
  func blob(_ descriptor: Descriptor) async throws -> any Blob { try layout.file(descriptor) }
}
