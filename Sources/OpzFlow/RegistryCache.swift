import OpzPackage
import OpzRegistry
import SystemPackage

extension Registry {
  /// What can be rebuilt; losing it loses nothing.
  var cacheDirectory: FilePath { root.appending("cache") }

  var layerCache: LayerCache { LayerCache(cacheDirectory, store: store) }

  func imageBuilder(_ session: Session) -> ImageBuilder {
    ImageBuilder(store: store, cache: layerCache, progress: session.progress)
  }
}
