import OpzFormats
import OpzIO
import OpzModel
import OpzPackage
public import OpzProject
import OpzPython
import OpzTrust
public import SystemPackage

/// `opz init`: finds the model in a directory, and writes what packaging it takes.
///
/// A model that opz-server scores itself needs no Python and goes without; any other is run by a worker behind it.
/// Nothing of the model is executed.
public struct StartProject: Sendable {
  /// What was found and written.
  public struct Result: Sendable {
    /// Files that were written, opz.yaml first.
    public let written: [FilePath]
    /// What runs the model: nil for opz-server itself.
    public let worker: WorkerModel?
    /// What the user should know: what was guessed, and what decided.
    public let notes: [String]
  }

  private let directory: FilePath
  private let base: String?
  private let session: Session

  /// Prepares a project. Nothing is read or written before `run()`.
  /// - Parameters:
  ///   - directory: where the model is.
  ///   - base: the base image of a worker, instead of the usual one.
  public init(_ directory: FilePath, base: String? = nil, in session: Session) {
    self.directory = directory
    self.base = base
    self.session = session
  }

  /// Writes opz.yaml, and for a worker requirements.txt and an example request where there is something to make them of.
  /// - Throws: `ConfigError`, as a conflict if there is an opz.yaml, as not found if there is no model; `FlowError` for
  ///   a model that no worker can load.
  public func run() async throws -> Result {
    try await blocking { try start() }
  }

  private func start() throws -> Result {
    try ProjectDirectory.require(directory)
    let starter = ProjectStarter(directory)
    try starter.requireNone()
    let names = starter.names()
    if let script = try Script.find(in: directory, names) { return try write(try scripted(script, names), starter) }
    let saved = try DirectorySurvey(path: directory, name: ".", session: session).model()
    if let saved, saved.loader != .mlflow { return try write(saved, starter) }
    if let native = try starter.findModel(session.formats) {
      let isEnough = try saved == nil || isFlavor(native.format)
      if isEnough { return try write(native, starter) }
    }
    if let saved { return try write(saved, starter) }
    if let worker = try worker(names) { return try write(worker, starter) }
    guard let weights = try weights(names) else { throw starter.nothing(session.formats) }
    return try write(weights, starter)
  }

  /// Whether the model's own flavor in MLmodel is of a format that opz-server scores: then MLflow is not needed.
  private func isFlavor(_ format: String) throws -> Bool {
    let flavors = try MLflowModel(in: directory)?.flavors ?? []
    return session.formats.named(format).map { !Set($0.mlflowFlavors).isDisjoint(with: flavors) } ?? false
  }

  private func write(_ native: (name: String, format: String), _ starter: ProjectStarter) throws -> Result {
    let path = try starter.write(session.formats)
    return Result(
      written: [path], worker: nil,
      notes: ["\(native.name) is \(native.format), and opz-server scores every part of it: no Python is needed"])
  }

  private func write(_ weights: WeightsModel, _ starter: ProjectStarter) throws -> Result {
    let path = try starter.write(weights)
    return Result(
      written: [path], worker: nil,
      notes: [
        "\(weights.path) is \(weights.title), which opz describes and does not run: opz.yaml packages it without a runtime",
        "an image that serves it takes \(weights.runtime)",
      ])
  }

  private func write(_ found: WorkerModel, _ starter: ProjectStarter) throws -> Result {
    var worker = found
    if let base { worker.base = base }
    worker.projectFile = try projectFile(worker)
    var written = try starter.write(worker)
    if let example = try ExampleRequest.make(for: worker, in: directory) {
      let path = directory.appending(ExampleRequest.fileName)
      if try Durable.createExclusively(path, with: example) { written.append(path) }
    }
    var notes = worker.notes
    let hasOwn =
      worker.language == .python && worker.requirementsFile == nil
      && !written.contains { $0.lastComponent == "requirements.txt" }
    if let file = worker.projectFile {
      let needed = worker.requirements.map { $0.name + $0.version }
      notes.append(
        "the packages are those of \(file), and the project's own among them"
          + (needed.isEmpty ? "" : "; the model needs \(needed.joined(separator: ", "))"))
    } else if hasOwn {
      let known = worker.requirements.filter { !$0.isGuess }.map { $0.name + $0.version }
      if !known.isEmpty {
        notes.append("requirements.txt is yours and was kept; the model says \(known.joined(separator: ", "))")
      }
    } else {
      notes += worker.requirements.filter(\.isGuess).map { "guessed \($0.name)\($0.version): \($0.reason)" }
    }
    return Result(written: written, worker: worker, notes: notes)
  }

  /// What opz lock takes instead of a requirements.txt, which would leave out the package that the project itself is.
  private func projectFile(_ worker: WorkerModel) throws -> String? {
    guard worker.language == .python, worker.requirementsFile == nil else { return nil }
    func has(_ name: String) throws -> Bool { try FileStatus.find(directory.appending(name)) != nil }
    if try has("uv.lock"), try has("pyproject.toml") { return "uv.lock" }
    let hasOthers = try has("requirements.txt") || has("requirements.in")
    return try !hasOthers && ProjectPackage.find(in: directory) != nil ? "pyproject.toml" : nil
  }

  // MARK: Which file

  /// The model of a worker among the entries of the directory: `model.*` first, then by name.
  private func worker(_ names: Set<String>) throws -> WorkerModel? {
    var (found, failures) = ([WorkerModel](), [(name: String, error: any Error)]())
    for name in names.sorted() where StartProject.isCandidate(name) {
      let path = directory.appending(name)
      guard let kind = try FileStatus.find(path)?.kind else { continue }
      do {
        switch kind {
        case .file:
          let survey = FileSurvey(directory: directory, name: name, names: names, session: session)
          if let model = try survey.model() { found.append(model) }
        case .directory:
          if let model = try DirectorySurvey(path: path, name: name, session: session).model() { found.append(model) }
        default: continue
        }
      } catch let error as ModelError where error.code == .unknownFormat {
        // Notes and tables are no models.
        continue
      } catch let error as any ExplainedError { failures.append((name, error)) }
    }
    guard let first = found.first(where: { $0.path.hasPrefix("model") }) ?? found.first else {
      // What could be the model and is not says why.
      guard let failure = failures.first(where: { $0.name.hasPrefix("model") }) ?? failures.first else { return nil }
      throw failure.error
    }
    guard found.count > 1 else { return first }
    var model = first
    let others = found.map(\.path).filter { $0 != first.path }
    model.notes.append("\(others.prefix(3).joined(separator: ", ")) could be the model too: model.path names the one")
    return model
  }

  /// A model that opz only describes: `model.*` first, then by name.
  private func weights(_ names: Set<String>) throws -> WeightsModel? {
    var found: [WeightsModel] = []
    for name in names.sorted() where StartProject.isCandidate(name) {
      guard try FileStatus.find(directory.appending(name))?.kind == .file,
        case .description(let description)? = try? session.inspect(directory.appending(name)),
        // A pickle that no loader was found for has data, and whoever wants that packaged says so.
        description.kind != "pickle"
      else { continue }
      found.append(WeightsModel(path: name, title: description.kind, runtime: description.runtime))
    }
    return found.first { $0.path.hasPrefix("model") } ?? found.first
  }

  /// Names of files that are something else, and names that opz.yaml cannot contain.
  private static func isCandidate(_ name: String) -> Bool {
    let lower = name.lowercased()
    let others = [
      ".py", ".r", ".md", ".csv", ".yaml", ".yml", ".toml", ".lock", ".ipynb", ".parquet", ".arrow", ".jsonl", ".html",
      ".png", ".sh",
    ]
    return !name.hasPrefix(".") && !others.contains(where: lower.hasSuffix) && !lower.hasPrefix("requirements")
      && !["metrics.json", "config.json", "input_example.json", "example.json", "wheels", "data"].contains(lower)
      && !name.unicodeScalars.contains(where: ProjectStarter.isUnwritable)
  }

  // MARK: The project's own functions

  private func scripted(_ script: Script, _ names: Set<String>) throws -> WorkerModel {
    let beside = try? worker(names)
    let native = try ProjectStarter(directory).findModel(session.formats)
    let path = beside?.path ?? native?.name ?? StartProject.content(names) ?? "."
    var model = WorkerModel(script.language, path: path, title: "loaded by \(script.name)", loader: .predict)
    model.base = beside.flatMap { $0.language == script.language ? $0.base : nil }
    model.code = [script.name]
    guard script.language == .python else {
      model.packages = Set(script.imports + (beside?.packages ?? [])).subtracting(RPackages.base).sorted()
      return model
    }
    model.requirements = beside?.requirements ?? []
    model.python = beside?.python
    model.usesTorch = beside?.usesTorch ?? false
    for module in script.imports where !PythonStandardLibrary.contains(module) {
      if names.contains("\(module).py") || names.contains(module) {
        model.code.append(names.contains(module) ? module : "\(module).py")
        continue
      }
      let name = PythonDistributions.distribution(of: module).name
      if !model.requirements.contains(where: { $0.name == name }) {
        model.requirements.append(PythonRequirement(name, because: "\(script.name) imports \(module)", isGuess: true))
      }
      if name == "torch" { model.usesTorch = true }
    }
    return model
  }

  /// The only file or directory that is neither code nor a document.
  private static func content(_ names: Set<String>) -> String? {
    let rest = names.filter(isCandidate)
    return rest.count == 1 ? rest.first : nil
  }
}

/// The project's own functions: predict.py with `predict(frame)`, or predict.R.
private struct Script {
  let name: String
  let language: WorkerModel.Language
  /// Top-level modules that it imports.
  let imports: [String]

  static func find(in directory: FilePath, _ names: Set<String>) throws -> Script? {
    if names.contains("predict.py") {
      let source = try PythonSource(text(directory.appending("predict.py")))
      guard source.defines("predict") else {
        throw FlowError(
          .failed, directory.appending("predict.py").lexicallyNormalized().string,
          reason: "it defines no predict(frame)",
          hint: "def predict(frame: pandas.DataFrame): ..")
      }
      return Script(name: "predict.py", language: .python, imports: source.imports)
    }
    guard names.contains("predict.R") else { return nil }
    let source = try text(directory.appending("predict.R"))
    return Script(name: "predict.R", language: .r, imports: RSource.packages(source))
  }

  private static func text(_ path: FilePath) throws -> String {
    String(decoding: try SmallFile.read(path, limit: 4 << 20), as: UTF8.self)
  }
}
