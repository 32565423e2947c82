import OpzArchive
import OpzFormats
import OpzIO
import OpzJSON
import OpzOCI
import OpzPackage
public import OpzRegistry
import OpzStore

/// `opz rebase`: puts a recorded version's layers and settings on another base, as a new version, without building.
public struct RebaseVersion: Sendable {
  private let version: Registry.Version
  private let base: String
  private let session: Session

  /// - Parameter base: as in `runtime.base`; `opz-runtime` for a native version.
  public init(_ version: Registry.Version, onto base: String, in session: Session) {
    self.version = version
    self.base = base
    self.session = session
  }

  /// The version on the new base.
  public struct Result: Sendable {
    public let version: Registry.Version
    /// Whether the version already has this base, so that nothing was recorded.
    public let existed: Bool
  }

  /// Records a version that has the same own layers and current settings on the new base.
  ///
  /// - Throws: `FlowError` of category `usage` for a base that a native version cannot use, `failed` if the record
  ///   has no settings to apply, `conflict` if the version's layers do not fit the directories and links of the
  ///   new base.
  public func run(_ registry: Registry) async throws -> Result {
    try version.record.requireKnownRuntime()
    // Carry over the settings that were configured after packaging; they would be lost otherwise.
    let record = try await blocking { [version] in try registry.current(version).record }
    let settings = try settings()
    let bases = try await bases(registry, record.platforms.compactMap { Platform($0) }, settings: settings)
    if record.runtime.kind == "custom", settings.command == nil { try bases.requireCommand() }
    let created = try SourceDate.read(session.environment["SOURCE_DATE_EPOCH"])
    let own = try await ownLayers(registry)
    try await check(own, on: bases, registry)
    let builder = registry.imageBuilder(session)
    let plan = ImagePlan(bases: bases.bases, settings: settings, created: created, annotations: [:])
    let images = try builder.images(plan, own)
    let (version, session) = (version, session)
    let outcome = try await blocking {
      var draft = record
      draft.content = ImageBuilder.content(of: images)
      draft.created = session.author.at.seconds
      draft.tool = session.tool
      draft.runtime.base = bases.name
      draft.runtime.baseDigest = bases.digest
      draft.layers = bases.records + record.layers.filter { $0.role != "runtime" }
      draft.lineage.parent = record.reference
      let sketch = draft
      let choice = VersionChoice(wanted: nil, draft: sketch) { number in
        var plan = plan
        plan.annotations = ImageAnnotations.make(
          version.name, number, created: created, lineage: sketch.lineage, bases: bases)
        var final = sketch
        final.image = try builder.store(try builder.images(plan, own)).withoutAnnotations
        final.version = number.description
        return final
      }
      return try registry.record(
        version.name, by: session.author, details: ["rebased": .string(record.reference)]
      ) { try choice($0) }
    }
    switch outcome {
    case .recorded(let version): return Result(version: version, existed: false)
    case .existed(let version), .configured(let version, _): return Result(version: version, existed: true)
    }
  }

  /// The layers are reused unchanged, so their directory entries must agree with the new base, and their wheels fit it.
  private func check(_ own: [ImageLayer], on bases: BaseImages, _ registry: Registry) async throws {
    let content = VersionContent(registry: registry, record: version.record, session: session)
    var pythons: Set<String> = []
    for base in bases.bases {
      let placement = try await bases.placement(on: base.image, registry, session)
      for layer in own where layer.platform == nil || layer.platform == base.platform {
        let descriptor = layer.layer.descriptor
        let packed = try StoredLayer(descriptor, try await content.blob(descriptor))
        let (reason, found) = try await blocking {
          var (reason, found) = (String?.none, Set<String>())
          try packed.forEachName { name in
            if reason == nil, !name.path.isEmpty { reason = placement.objection(to: name) }
            if let python = RebasedWheels.python(of: name.path) { found.insert(python) }
          }
          return (reason, found)
        }
        pythons.formUnion(found)
        guard let reason else { continue }
        throw FlowError(
          .conflict, version.record.reference, reason: "its layers were made for another base: \(reason)",
          hint: "package it again on the new base: opz package --set runtime.base=\(self.base)")
      }
    }
    try await RebasedWheels(record: version.record, base: base, bases: bases, registry: registry, session: session)
      .check(pythons)
  }

  private func settings() throws -> RuntimeSettings {
    guard let value = version.record.runtime.settings else {
      throw FlowError(
        .failed, version.record.reference, reason: "its record lacks the runtime settings, so it cannot be rebased",
        hint: "set runtime.base in opz.yaml, then opz package")
    }
    return try CanonicalJSON.decode(
      RuntimeSettings.self, from: CanonicalJSON.encode(value), subject: version.record.reference)
  }

  private func bases(
    _ registry: Registry, _ platforms: [Platform], settings: RuntimeSettings
  ) async throws -> BaseImages {
    switch version.record.runtime.kind {
    case "native":
      guard base == "opz-runtime" else {
        throw FlowError(
          .usage, "--base \(base)", reason: "a native version can only use opz-runtime",
          hint:
            "import the new one with opz runtime import, then opz rebase \(version.record.reference) --base opz-runtime"
        )
      }
      let bases = try await BaseImages.native(platforms, registry, session: session)
      let options = try ReadingOptions(environment: settings.environment)
      // The record does not say which version of the graph the model needs, and a runtime of one reads it.
      if let format = version.record.model?.format, session.formats.named(format) != nil {
        try bases.requireReading(format, graph: 0, options: options, in: session)
      }
      if settings.environment[ServedContract.variable] != nil { try bases.requireContract(in: session) }
      return bases
    default:
      return try await .custom(base, pinned: nil, platforms, registry: registry, session: session, project: session)
    }
  }

  /// The version's own layers, each with its line of the images' histories.
  private func ownLayers(_ registry: Registry) async throws -> [ImageLayer] {
    let own = version.record.layers.filter { $0.role != "runtime" }
    var lines: [Digest: String] = [:]
    for platform in version.record.platforms.compactMap({ Platform($0) }) {
      let image = try await registry.store.image(version.record.image, platform: platform)
      let here = own.filter { $0.isOwn(on: platform) }
      let history = (image.config.history ?? []).filter { $0.emptyLayer != true }.suffix(here.count)
      for (layer, line) in zip(here, history) { lines[layer.diffID] = line.createdBy }
    }
    return own.map { layer in
      ImageLayer(
        layer: Layer(descriptor: layer.descriptor, diffID: layer.diffID), history: lines[layer.diffID] ?? "opz",
        platform: layer.platform.flatMap { Platform($0) })
    }
  }
}
