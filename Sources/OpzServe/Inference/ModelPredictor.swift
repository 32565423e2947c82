import SystemPackage

/// A model file's predictor. The model module is not merged yet, so there is none: starting says so.
struct ModelPredictor {
  static func load(_ path: FilePath) throws -> any Predictor {
    throw ServeError(.badModel, path.string, "this build reads no model format")
  }

  static func name(of path: FilePath) -> String { "model" }
}
