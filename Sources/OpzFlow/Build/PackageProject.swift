import OpzArchive
import OpzIO
import OpzJSON
import OpzModel
import OpzOCI
import OpzPackage
public import OpzRegistry
import OpzStore
import SystemPackage

/// `opz package`: builds a project's image and records it as a version.
public struct PackageProject: Sendable {
  /// The version that packaging recorded or found, and what else happened.
  public struct Result: Sendable {
    public let version: Registry.Version
    /// Whether a version with the same content already existed.
    public let existed: Bool
    /// Settings of `opz.yaml` that changed since that version was recorded; an event records them.
    public let changes: [SettingsChange]
    /// Paths that were ignored, with the reason.
    public let ignored: [(path: String, reason: String)]
    /// Where the image was pushed.
    public let pushed: PushResult?
  }

  private let request: PackageRequest
  private let session: Session

  /// Prepares packaging. Nothing is read or built before `run()`.
  public init(_ request: PackageRequest, in session: Session) {
    self.request = request
    self.session = session
  }

  /// Builds the image and records it as a version, then writes the requested outputs and pushes.
  ///
  /// The local registry is created if missing. Content that is already recorded is not recorded again: the result then
  /// names the existing version.
  /// - Throws: `ConfigError` for an invalid `opz.yaml`; `FlowError` of category `verification` if the requested
  ///   test fails, before anything is recorded; `RegistryError.versionTaken` if the requested number has different
  ///   content. A push that fails leaves the version recorded.
  public func run() async throws -> Result {
    let project = try await LoadedProject.load(request, session)
    let outputs = try request.outputs.map { try ImageOutput($0, in: session) }
    let destination = try request.push.map { try Reference(parsing: $0) }
    project.noteModel(session.progress)
    let registry = try session.createRegistry().batchingSyncs()
    let draft = try await build(project, registry)
    var tested: TestReport?
    if request.test {
      let report = try await ImageTest(
        image: draft.image, tests: draft.tests, name: project.name, session: session,
        fetch: draft.bases.fetch(registry, session)
      ).run(registry.store)
      try report.requireSuccess(project.name.description)
      session.progress.report(.note(report.summary))
      tested = report
    }
    let outcome = try await record(draft, project, registry: registry)
    let (version, existed, changes): (Registry.Version, Bool, [SettingsChange]) =
      switch outcome {
      case .recorded(let version): (version, false, [])
      case .existed(let version): (version, true, [])
      case .configured(let version, let changes): (version, true, changes)
      }
    // The image was tested before it was a version.
    if let tested {
      let author = session.author
      _ = try await blocking { try registry.note(.tested, version, by: author, details: tested.details) }
    }
    if !existed, request.configuration == nil, project.config.runtime.kind == .model, project.config.runtime.base == nil
    {
      session.progress.report(
        .note(
          "the image contains only the model: KServe can mount it with oci+native://; for oci://, which runs sh in it, "
            + "set runtime.base to a small base with sh, ls, ln and sleep"))
    }
    let tags = request.tags.isEmpty ? [TagMapping.tag(of: version.version)] : request.tags
    for output in outputs {
      let content = VersionContent(registry: registry, record: version.record, session: session)
      try await output.write(version.record.image, name: version.record.name, tags: tags, from: content)
    }
    var pushed: PushResult?
    if let destination {
      pushed = try await PushVersion(version, to: destination, tags: request.tags, in: session).run(registry)
    }
    return Result(
      version: version, existed: existed, changes: changes, ignored: project.tree.ignored, pushed: pushed)
  }

  /// An image that has no version number yet.
  private struct Draft: Sendable {
    var images: [Image]
    var image: Image
    var plan: ImagePlan
    var written: WrittenContent
    var bases: BaseImages
    var packages: [VersionRecord.Package]
    var lineage: Lineage
    var tests: [VersionRecord.TestFile]
  }

  private func build(_ project: LoadedProject, _ registry: Registry) async throws -> Draft {
    // The git commands are slow, so they run while layers are written.
    async let lineage = lineage(of: project)
    let bases = try await project.bases(registry, session)
    let builder = registry.imageBuilder(session)
    let environment = try await project.environment(on: bases, registry, session)
    let placed = try await project.layers(environment, on: bases, registry, session: session)
    for move in placed.moves.prefix(5) { session.progress.report(.note(move.text(bases.name))) }
    let written = try await builder.write(placed.layers)
    let plan = ImagePlan(
      bases: bases.bases, settings: project.settings, created: project.created, annotations: [:])
    let images = try builder.images(plan, written.layers)
    guard let image = images.first(where: { Platform.host.isSameProcessor(as: $0.config.platform) }) ?? images.first
    else {
      throw FlowError(
        .usage, "platforms", reason: "no platform is given", hint: "write platforms: [linux/amd64] in opz.yaml")
    }
    return Draft(
      images: images, image: image, plan: plan, written: written, bases: bases, packages: environment.packages,
      lineage: try await lineage, tests: try project.storeTests(in: registry.store))
  }

  private func lineage(of project: LoadedProject) async throws -> Lineage {
    if let given = request.lineage { return given }
    return try await project.lineage(session)
  }

  private func record(_ draft: Draft, _ project: LoadedProject, registry: Registry) async throws -> Registry.Outcome {
    let (session, request) = (session, request)
    var details: [String: JSONValue] = [:]
    if let commit = draft.lineage.git?.commit { details["commit"] = .string(commit) }
    let (name, wanted, noted) = (project.name, project.version, details)
    return try await blocking {
      let sketch = try PackageProject.record(
        draft, project, version: SemanticVersion(major: 0, minor: 0, patch: 0),
        image: draft.images[0].manifest.descriptor, session: session)
      let choice = VersionChoice(wanted: wanted, draft: sketch) { version in
        let builder = registry.imageBuilder(session)
        var plan = draft.plan
        plan.annotations = ImageAnnotations.make(
          project.name, version, created: project.created, lineage: draft.lineage, bases: draft.bases)
        let descriptor = try builder.store(try builder.images(plan, draft.written.layers))
        var record = try PackageProject.record(draft, project, version: version, image: descriptor, session: session)
        if !draft.packages.isEmpty { record.packages = draft.packages }
        if project.config.runtime.kind == .model {
          record.artifacts = [
            ModelPackArtifact.name: try ModelPackArtifact.store(
              draft.written, project.modelPack(version, draft.lineage), annotations: plan.annotations,
              in: registry.store)
          ]
        }
        try FileList.place(draft.written.entries.lazy.flatMap(PackageProject.files), in: &record, registry.store)
        return record
      }
      // An imported version brings its own lineage, and its tags are updated one by one afterwards.
      let settings = request.lineage == nil ? VersionSettings(sketch) : nil
      return try registry.record(
        name, by: session.author, details: noted, settings: settings
      ) { try choice($0) }
    }
  }

  private static func record(
    _ draft: Draft, _ project: LoadedProject, version: SemanticVersion, image: Descriptor, session: Session
  ) throws -> VersionRecord {
    let own = draft.written.entries.map { entry in
      VersionRecord.Layer(
        role: entry.plan.role.rawValue, descriptor: entry.layer.descriptor, diffID: entry.layer.diffID,
        compressor: entry.compressor, platform: entry.plan.platform?.description)
    }
    return VersionRecord(
      name: project.name.description, version: version.description, created: session.author.at.seconds,
      tool: session.tool, image: image.withoutAnnotations, content: ImageBuilder.content(of: draft.images),
      runtime: .init(
        kind: project.runtimeKind, base: draft.bases.name, baseDigest: draft.bases.digest,
        settings: try JSONValue(encoding: project.settings)),
      platforms: draft.images.map { $0.config.platform.normalized.description },
      layers: draft.bases.records + own,
      files: [], model: try project.modelRecord(), lineage: draft.lineage,
      deploy: try project.deploySettings(), pushTo: project.pushTo, tests: draft.tests)
  }

  private static func files(_ entry: WrittenContent.Entry) -> some Sequence<VersionRecord.File> {
    zip(entry.plan.source.files, entry.digests).lazy.compactMap { RecordedFile.make($0, digest: $1) }
  }
}
