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

extension LayoutStore: ReferrerReader {
  func named(_ tag: String) async throws -> Descriptor? {
    try index().manifests.first { $0.annotations?[LayoutStore.tagAnnotation] == tag }?.bare
  }
}
