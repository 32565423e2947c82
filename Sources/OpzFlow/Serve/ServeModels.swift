import OpzIO
import OpzInference
public import SystemPackage

/// `opz serve` of several models: a directory as `opz-server --models` reads it, with settings for each that say where its
/// files are.
public struct ServeModels: Sendable {
  /// What is to be started.
  public struct Prepared: Sendable {
    /// The directory of models, to remove afterwards.
    public let directory: FilePath
    fileprivate let models: [ServedBeside]
    fileprivate let unpacked: [FilePath]

    /// Removes what was made for serving.
    public func remove() {
      for path in [directory] + unpacked { try? Durable.removeTree(path) }
    }
  }

  private let operands: [String]
  private let python: String?
  private let session: Session

  /// Prepares serving. Nothing is read before `prepare()`.
  /// - Parameters:
  ///   - operands: `NAME@VERSION`, files, and directories of models or projects, as the user wrote them.
  ///   - python: the interpreter of projects with a Python worker; nil to use one with the locked packages, else the
  ///     user's own.
  public init(_ operands: [String], python: String? = nil, in session: Session) {
    self.operands = operands
    self.python = python
    self.session = session
  }

  /// Unpacks versions and writes the settings of all models.
  /// - Throws: `FlowError` for a model that is there twice; what is thrown for one of them.
  public func prepare() async throws -> Prepared {
    let directory = try Directory.temporary(prefix: "opz-serve-")
    var models: [ServedBeside] = []
    var unpacked: [FilePath] = []
    do {
      for (number, operand) in operands.enumerated() {
        let place = directory.appending("\(number)")
        try Durable.makeDirectory(place)
        let model = try await prepare(operand, in: place, &unpacked)
        if let other = models.firstIndex(where: { $0.name == model.name && $0.version == model.version }) {
          throw FlowError(
            .usage, operand, reason: "it is \(model.name) \(model.version), as \(operands[other]) is",
            hint: "files are served by their names: rename one, or package both under names of their own")
        }
        models.append(model)
      }
    } catch {
      Prepared(directory: directory, models: [], unpacked: unpacked).remove()
      throw error
    }
    return Prepared(directory: directory, models: models, unpacked: unpacked)
  }

  private func prepare(_ operand: String, in place: FilePath, _ unpacked: inout [FilePath]) async throws -> ServedBeside
  {
    let path = session.path(operand)
    if !operand.contains("@"), try ServeProject.isServed(path, in: session) {
      return try await ServeProject(path, python: python, in: session).prepare(in: place)
    }
    let model = try await ModelOperand(operand, session).unpacked()
    if let temporary = model.temporary { unpacked.append(temporary) }
    var settings = ServeSettings(model: model.path.string)
    if let file = model.settings {
      settings = try ServeSettings(json: SmallFile.read(file, limit: ServeSettings.mostBytes), subject: file.string)
    }
    settings.name = model.name
    settings.version = model.version
    settings.reading = model.options
    try Durable.replaceWithoutSync(place.appending("serve.json"), with: settings.json())
    return ServedBeside(name: model.name, version: model.version, held: nil)
  }
}

/// A model that is served beside others.
struct ServedBeside: Sendable {
  let name: String
  let version: String
  /// The Python environment, which is not to be removed meanwhile.
  let held: PythonEnvironments.Held?
}
