import OpzOCI
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

  /// The newest version of a model that is no pre-release, if there is one.
  func latest(_ name: ModelName) throws -> Version? {
    try state(name).newest.map { try load(name, $0) }
  }
}
