import OpzInference
import SystemPackage

/// A version of a model that can be loaded: where it is, and how it is served.
struct ModelSource: Sendable {
  let name: String
  let version: String
  /// Where it was found, for messages.
  let place: FilePath
  /// What is served; or why that cannot be said.
  var settings: Result<ServeSettings, any Error>

  /// A version as these settings say it.
  init(_ settings: ServeSettings, name: String, version: String, place: FilePath) {
    self.name = name
    self.version = version
    self.place = place
    self.settings = .success(settings)
  }

  /// A version that cannot be loaded.
  init(_ problem: any Error, name: String, version: String, place: FilePath) {
    self.name = name
    self.version = version
    self.place = place
    settings = .failure(problem)
  }

  var key: ModelKey { ModelKey(name: name, version: version) }
}

/// Where models come from: nothing that a client sends.
enum ModelSources: Sendable {
  /// The model that the options name.
  case one(ModelSource)
  /// What a directory has whenever it is asked.
  case directory(ModelDirectory)
  /// A model that is there already, and that nothing loads again.
  case none

  /// The versions that can be loaded now. Blocks.
  /// - Throws: what keeps the directory from being read.
  func all() throws -> [ModelSource] {
    switch self {
    case .one(let source): [source]
    case .directory(let directory): try directory.sources()
    case .none: []
    }
  }
}
