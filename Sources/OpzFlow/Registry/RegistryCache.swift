import OpzOCI
import OpzPackage
import OpzRegistry
import SystemPackage

extension Registry {
  /// Contains only what can be rebuilt, so it can be deleted at any time.
  var cacheDirectory: FilePath { root.appending("cache") }

  var layerCache: LayerCache { LayerCache(cacheDirectory, store: store) }

  func imageBuilder(_ session: Session) -> ImageBuilder {
    ImageBuilder(store: store, cache: layerCache, progress: session.progress)
  }

  /// The newest version of a model that is not a prerelease; nil if there is none.
  func latest(_ name: ModelName) throws -> Version? {
    try state(name).newest.map { try load(name, $0) }
  }
}
