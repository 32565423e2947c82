public import OpzFormats
public import OpzIO
import OpzOCI
import OpzYAML
public import SystemPackage

/// Writes a commented opz.yaml, and what else a new project needs, for the model found in a directory.
public struct ProjectStarter: Sendable {
  private let directory: FilePath

  /// Creates a starter for the directory to search and to write opz.yaml in.
  public init(_ directory: FilePath) { self.directory = directory }

  /// Writes opz.yaml for a model that opz-server scores itself, and returns its path.
  /// - Parameter formats: those that the model may have.
  /// - Throws: `ConfigError`, as a conflict if there is an opz.yaml, as not found if there is no model.
  public func write(_ formats: ModelFormats) throws -> FilePath {
    try requireNone()
    guard let model = try findModel(formats) else { throw nothing(formats) }
    return try write(model: model.name, format: model.format, worker: nil)
  }

  /// Writes opz.yaml for a model that is packaged without a runtime, and returns its path.
  /// - Throws: `ConfigError`, as a conflict if there is an opz.yaml.
  public func write(_ weights: WeightsModel) throws -> FilePath {
    try requireNone()
    return try write(model: weights.path, format: weights.title, worker: nil, weights: weights)
  }

  /// Writes the files of a project whose model a worker runs: opz.yaml, and what it needs and is not there yet.
  /// - Returns: the paths of the files that were written, opz.yaml first.
  /// - Throws: `ConfigError`, as a conflict if there is an opz.yaml.
  public func write(_ worker: WorkerModel) throws -> [FilePath] {
    try requireNone()
    var written = [try write(model: worker.path, format: worker.title, worker: worker)]
    func add(_ name: String, _ text: String) throws {
      let path = directory.appending(name)
      // A file of the user's is right by definition.
      if try Durable.createExclusively(path, with: Array(text.utf8)) { written.append(path) }
    }
    if worker.language == .python, worker.requirementsFile == nil, worker.projectFile == nil {
      try add("requirements.txt", RequirementsText.make(worker.requirements))
    }
    if worker.usesTorch, !names().contains("pyproject.toml") { try add("uv.toml", ProjectStarter.torch) }
    return written
  }

  /// uv takes PyTorch from the index of the builds for processors, whatever else the requirements say.
  private static let torch = """
    # Written by opz init: PyPI's torch brings three gigabytes of CUDA.
    [pip]
    torch-backend = "cpu"

    """

  /// The names in the directory.
  public func names() -> Set<String> { Set(((try? Directory.entries(directory)) ?? []).map(\.string)) }

  /// - Throws: `ConfigError`, as a conflict, if there is an opz.yaml.
  public func requireNone() throws {
    let path = directory.appending("opz.yaml")
    if try FileStatus.find(path, followLinks: false) != nil { throw existing(path) }
  }

  private func write(
    model: String, format: String, worker: WorkerModel?, weights: WeightsModel? = nil
  ) throws -> FilePath {
    let path = directory.appending("opz.yaml")
    var text = StarterText(
      name: modelName(), model: model, format: format, files: names(), worker: worker, weights: weights)
    text.followsLinks = leadsOut(model)
    guard try Durable.createExclusively(path, with: Array(text.yaml.utf8)) else { throw existing(path) }
    return path
  }

  /// Whether the model, or a file in it, is a link that leads out of the project: a Hugging Face snapshot has only links
  /// into the cache's blobs.
  private func leadsOut(_ model: String) -> Bool {
    let path = directory.pushing(FilePath(model)).withoutDots
    guard let top = RealPath.of(directory.isEmpty ? "." : directory) else { return false }
    let inside = ((try? Directory.entries(path)) ?? []).prefix(1000).map { path.appending($0) }
    return ([path] + inside).contains { place in
      guard (try? FileStatus.of(place, followLinks: false))?.kind == .symlink, let real = RealPath.of(place) else {
        return false
      }
      return !real.starts(with: top)
    }
  }

  /// The error where no model is found: it says what is wrong with the only file that could be one.
  /// - Parameter formats: those that the model may have.
  public func nothing(_ formats: ModelFormats) -> any ExplainedError {
    var (reason, hint) = ("this directory has no model that opz can read", formats.advice)
    if let error = formats.refusal(in: directory) {
      reason += "; \(error.subject): \(error.reason)"
      hint = error.hint ?? hint
    }
    return ConfigError(
      directory.lexicallyNormalized().string, reason,
      hint: [hint, "write opz.yaml with runtime: {kind: model}"].compactMap { $0 }.joined(separator: ", or "),
      category: .notFound)
  }

  private func existing(_ path: FilePath) -> ConfigError {
    let shown = path.lexicallyNormalized().string
    return ConfigError(shown, "the file already exists", hint: "edit it, or remove it first", category: .conflict)
  }

  /// The model that opz-server scores: `model.*` first, then by name; nil if there is none. A name that opz.yaml cannot
  /// contain is skipped.
  /// - Parameter formats: those that the model may have.
  public func findModel(_ formats: ModelFormats) throws -> (name: String, format: String)? {
    var found: [(name: String, format: String)] = []
    for entry in try Directory.entries(directory) {
      guard let name = String(validating: entry.bytes, as: UTF8.self), !name.hasPrefix("."),
        !name.unicodeScalars.contains(where: ProjectStarter.isUnwritable),
        // Opening a pipe would wait for a writer.
        let kind = try FileStatus.find(directory.appending(entry))?.kind, kind == .file || kind == .directory,
        let format = formats.find(directory.appending(entry))?.format.name
      else { continue }
      found.append((name, format))
    }
    return found.first { $0.name.hasPrefix("model.") } ?? found.first
  }

  /// The reader refuses control characters and separators of lines in paths, libyaml the last two of a plane, and Yams
  /// drops a byte order mark at the beginning of a text.
  public static func isUnwritable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: scalar == "\u{FEFF}" || scalar == "\u{FFFE}" || scalar == "\u{FFFF}"
    }
  }

  /// A model name derived from the directory's name.
  public func modelName() -> String {
    // "." and "" are the working directory, whose name is only in its absolute path.
    let whole = (RealPath.of(".") ?? "/").pushing(directory).lexicallyNormalized()
    guard let name = whole.lastComponent?.string else { return "model" }
    return ModelName.near(name.replacing("/", with: "-")) ?? "model"
  }
}
