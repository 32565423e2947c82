import OpzIO
import OpzInference
import SystemPackage

/// A directory of models:
///
///     NAME/VERSION/              a model's file, or any directory that holds one
///     NAME/VERSION/serve.json    or settings, as `opz-server --settings` reads them; paths are relative to the file
///     NAME/                      the same for a model with one version, which is 1 or what serve.json says
///
/// A directory that has nothing but directories has versions. Names that begin with a dot, files beside the models, and
/// Triton's config.pbtxt are passed over. What serve.json says of name and version goes before the directories' names.
struct ModelDirectory: Sendable {
  static let settingsName = "serve.json"
  private static let passedOver: Set<String> = ["config.pbtxt"]

  let path: FilePath

  init(_ path: FilePath) { self.path = path }

  /// The versions that it has now, by the names of their directories. Blocks.
  /// - Throws: `IOFailure` where the directory cannot be read.
  func sources() throws -> [ModelSource] {
    let found = try directories(path).flatMap { sources(of: $0) }
    var places: [ModelKey: FilePath] = [:]
    return found.map { source in
      guard let other = places.updateValue(source.place, forKey: source.key) else { return source }
      let problem = ServeError(
        .badModel, source.place.string, reason: "\(other) is \(source.name) \(source.version) too")
      return ModelSource(problem, name: source.name, version: source.version, place: source.place)
    }
  }

  private func sources(of model: FilePath) -> [ModelSource] {
    let name = ModelDirectory.name(model)
    do {
      if try hasSettings(model) { return [source(model, name: name, version: "1")] }
      let versions = try directories(model)
      guard !versions.isEmpty, try !hasFiles(model) else { return [source(model, name: name, version: "1")] }
      return versions.map { source($0, name: name, version: ModelDirectory.name($0)) }
    } catch {
      return [ModelSource(error, name: name, version: "1", place: model)]
    }
  }

  private func source(_ directory: FilePath, name: String, version: String) -> ModelSource {
    do {
      guard try hasSettings(directory) else {
        return ModelSource(ServeSettings(model: directory.string), name: name, version: version, place: directory)
      }
      let file = directory.appending(ModelDirectory.settingsName)
      var settings = try ServeSettings(
        json: SmallFile.read(file, limit: ServeSettings.mostBytes), subject: file.string)
      settings.place(in: directory)
      return ModelSource(
        settings, name: settings.name ?? name, version: settings.version ?? version, place: directory)
    } catch {
      return ModelSource(error, name: name, version: version, place: directory)
    }
  }

  private func hasSettings(_ directory: FilePath) throws -> Bool {
    try FileStatus.find(directory.appending(ModelDirectory.settingsName)) != nil
  }

  private func entries(_ directory: FilePath) throws -> [FilePath] {
    try Directory.entries(directory).filter { !$0.string.hasPrefix(".") }.map { directory.appending($0) }
  }

  private func directories(_ directory: FilePath) throws -> [FilePath] {
    try entries(directory).filter { try FileStatus.find($0)?.kind == .directory }
  }

  private func hasFiles(_ directory: FilePath) throws -> Bool {
    try entries(directory).contains { entry in
      try FileStatus.find(entry)?.kind == .file && !ModelDirectory.passedOver.contains(ModelDirectory.name(entry))
    }
  }

  private static func name(_ path: FilePath) -> String { path.lastComponent?.string ?? "" }
}

extension ServeSettings {
  /// Makes the paths of settings that lie in `directory` whole.
  fileprivate mutating func place(in directory: FilePath) {
    func whole(_ path: String) -> String { directory.pushing(FilePath(path)).lexicallyNormalized().string }
    model = whole(model)
    guard var worker else { return }
    worker.path = worker.path.map(whole)
    worker.code = worker.code.map(whole)
    worker.predict = worker.predict.map(whole)
    self.worker = worker
  }
}
