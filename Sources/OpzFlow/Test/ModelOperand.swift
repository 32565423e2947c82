import OpzArchive
public import OpzFormats
import OpzIO
import OpzInference
public import OpzModel
import OpzOCI
import OpzPackage
import OpzProject
public import OpzRegistry
import OpzStore
public import SystemPackage

/// A model given as an argument: a path, or a version of the registry.
public struct ModelOperand: Sendable {
  /// A model as files on disk.
  public struct Unpacked: Sendable {
    /// A file or directory with the model.
    public let path: FilePath
    public let name: String
    public let version: String
    /// How its version says that it is to be read.
    public let options: ReadingOptions
    /// A temporary directory to remove after use; nil if the model was not unpacked.
    public var temporary: FilePath?
    /// The settings that the server is to have, with the model's contract; nil for none.
    public var settings: FilePath?
  }

  private let text: String
  let session: Session

  /// Accepts an argument as the user wrote it: a path, or `NAME[@VERSION]`. Nothing is read yet.
  ///
  /// Text without `@` is a path if that path exists; text that starts with `./` is always a path.
  public init(_ text: String, _ session: Session) {
    self.text = text
    self.session = session
  }

  /// An existing path wins over a name; `NAME@VERSION` is a path only with a leading `./`.
  private var isPath: Bool {
    if text == "." || text == ".." || ["/", "./", "../"].contains(where: text.hasPrefix) { return true }
    return !text.contains("@") && ((try? FileStatus.find(session.path(text))) ?? nil) != nil
  }

  /// The file or directory; nil for a version.
  public var file: FilePath? { isPath ? session.path(text).lexicallyNormalized() : nil }

  /// Says so if a path has the name of one of the registry's models.
  private func noteShadowed() {
    guard ModelOperand.isShadowed(text, in: session) else { return }
    session.progress.report(
      .note("\(text) is a path here, and not the registry's model of that name, which is \(text)@VERSION"))
  }

  /// Whether a text that is taken as a path is also the name of a model in the registry, so that it can be mistaken.
  public static func isShadowed(_ text: String, in session: Session) -> Bool {
    guard !["/", "./", "../"].contains(where: text.hasPrefix), let name = try? ModelName(text),
      let registry = try? session.openRegistry()
    else { return false }
    return (try? registry.latest(name)) ?? nil != nil
  }

  /// Reads the model into memory: from its path, or from the layers of its version.
  ///
  /// A version is read as its image's server reads it.
  /// - Parameters:
  ///   - iterations: which iterations count; nil for what the version says, and all of a path's model.
  ///   - unseen: what becomes of a category that the model does not have; nil for what the version says, and for what the
  ///     training library does with a path's model.
  /// - Throws: `RegistryError` for a version that does not exist, `FlowError` of category `failed` for a version
  ///   without a model that opz reads, `ModelError` for an invalid model.
  public func load(
    iterations: ReadingOptions.Iterations? = nil, unseen: ReadingOptions.Unseen? = nil
  ) async throws -> LoadedModel {
    let formats = session.formats
    if isPath {
      noteShadowed()
      let path = session.path(text)
      let options = ReadingOptions(iterations: iterations ?? .all, unseen: unseen ?? .library)
      return try await blocking { try formats.load(path, options: options) }
    }
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: text))
    var options = try ReadingOptions(of: await registry.store.image(version.record.image))
    options.iterations = iterations ?? options.iterations
    options.unseen = unseen ?? options.unseen
    let models = try await registry.files(of: version.record).filter {
      $0.role == LayerRole.model.rawValue && FilePath($0.path).lastComponent?.string.hasPrefix(".") != true
    }
    guard models.count == 1 else { return try await unpackedModel(options) }
    let stack = try await ImageFiles.stack(version.record.image, roles: version.record, in: registry.store)
    return try await blocking { [options] in
      let file = FilePath(models[0].path)
      let bytes = try stack.bytes(FilePath(String(file.string.dropFirst())), limit: Int(ModelFormats.sizeLimit))
      guard formats.format(of: ModelHeader(bytes)) != nil else { throw ModelOperand.unread(version.record.reference) }
      return try formats.read(bytes, name: "\(version.record.reference):\(file)", options: options)
    }
  }

  /// Which of several files is the model, their content says: as for the image's server, they are unpacked.
  private func unpackedModel(_ options: ReadingOptions) async throws -> LoadedModel {
    let files = try await unpacked()
    defer { if let directory = files.temporary { try? Durable.removeTree(directory) } }
    let formats = session.formats
    return try await blocking {
      do { return try formats.load(files.path, options: options) } catch let error as ModelError {
        guard error.code == .unknownFormat else { throw error }
        throw ModelOperand.unread("\(files.name)@\(files.version)")
      }
    }
  }

  /// What it is, for people: `churn@1.0.0, image sha256:..`, or the file's name.
  /// - Throws: `RegistryError` for a version that does not exist.
  public func title() throws -> String {
    if isPath { return session.path(text).lexicallyNormalized().lastComponent?.string ?? "a model" }
    let version = try session.openRegistry().find(LocalReference(parsing: text))
    return "\(version.record.reference), image \(version.record.image.digest)"
  }

  /// The version that it is; nil for a path.
  /// - Throws: `RegistryError` for a version that does not exist.
  public func version() throws -> Registry.Version? {
    isPath ? nil : try session.openRegistry().find(LocalReference(parsing: text))
  }

  private static func unread(_ reference: String) -> FlowError {
    FlowError(
      .failed, reference, reason: "its model is not in a format that opz can read",
      hint: "opz show \(reference) names its files; its own image runs it")
  }

  /// The name by which `opz serve` serves the model: its version's, or that of its file or directory.
  public var name: String {
    if isPath { return session.path(text).lexicallyNormalized().lastComponent?.stem ?? "model" }
    return (try? LocalReference(parsing: text)).map { "\($0.name)" } ?? text
  }

  /// The directory that the model was unpacked to: `/models`, unless a link in the base redirected it.
  private func models(of version: Registry.Version, _ registry: Registry, in directory: FilePath) async throws
    -> FilePath
  {
    let usual = directory.appending("models")
    guard try FileStatus.find(usual) == nil else { return usual }
    let files = try await registry.files(of: version.record).filter { $0.role == LayerRole.model.rawValue }
    let parents = files.map { FilePath(String($0.path.dropFirst())).removingLastComponent() }
    guard let shortest = parents.min(by: { $0.components.count < $1.components.count }) else { return usual }
    return directory.pushing(shortest)
  }

  /// The model as files: in place for a path, or unpacked from its version into a temporary directory.
  public func unpacked() async throws -> Unpacked {
    if isPath {
      noteShadowed()
      let path = session.path(text).lexicallyNormalized()
      var unpacked = Unpacked(
        path: path, name: path.lastComponent?.stem ?? "model", version: "1", options: ReadingOptions())
      if let contract = try await contract(of: path) {
        unpacked.temporary = try Directory.temporary(prefix: "opz-serve-")
        try await blocking { [unpacked] in try ModelOperand.write(contract, for: unpacked) }
        unpacked.settings = unpacked.temporary?.appending(ModelOperand.settingsName)
      }
      return unpacked
    }
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: text))
    let stack = try await ImageFiles.stack(version.record.image, roles: version.record, in: registry.store)
    let directory = try Directory.temporary(prefix: "opz-serve-")
    _ = try await blocking { try LayerUnpacker().unpack(stack, into: directory) }
    let models = try await models(of: version, registry, in: directory)
    let image = try await registry.store.image(version.record.image)
    var unpacked = Unpacked(
      path: models, name: version.record.name, version: version.record.version, options: try ReadingOptions(of: image),
      temporary: directory)
    if image.config.config?.env?.contains("\(ServedContract.variable)=/\(ServedWorker.Place.settings)") == true,
      let contract = try ServedWorker.settings(of: image, version.record, in: registry.store)?.contract
    {
      try await blocking { [unpacked] in try ModelOperand.write(contract, for: unpacked) }
      unpacked.settings = directory.appending(ModelOperand.settingsName)
    }
    return unpacked
  }

  private static let settingsName = "serve.json"

  private static func write(_ contract: Contract, for model: Unpacked) throws {
    guard let directory = model.temporary else { return }
    let settings = ServedContract(contract).settings(model: model.path.string)
    try Durable.replaceWithoutSync(directory.appending(settingsName), with: settings.json())
  }

  /// The contract of a project with the native runtime; nil for what is none, and for one without.
  private func contract(of path: FilePath) async throws -> Contract? {
    let file = path.appending("opz.yaml")
    guard try FileStatus.find(path)?.kind == .directory, try FileStatus.find(file) != nil else { return nil }
    let config = try ConfigReader.read(file, formats: session.formats)
    guard config.runtime.kind == .native, config.serve?.contract != nil || config.monitor?.data != nil else {
      return nil
    }
    return try await LoadedProject.load(PackageRequest(project: path), session).contract?.contract
  }
}
