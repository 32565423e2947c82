public import OpzIO
import OpzJSON
import OpzOCI
import OpzStore

extension ModelState {
  /// The newest settings of a version's image, if they are not those of its record.
  public struct Configuration: Sendable, Equatable {
    /// The event `configured` with the settings.
    public let event: EventLog.Name
    /// The image that the settings belong to.
    public let image: Digest
    /// RFC 3339.
    public let at: String
    public let actor: String
    /// `lineage.tags` of the settings.
    public let tags: [String: String]
  }

  /// The event with a version's newest settings; nil if they are those of its record.
  public func configuration(of version: Registry.Version) -> Configuration? {
    configurations[version.version]?.last { $0.image == version.record.image.digest }
  }

  /// The last set in the order of the fold counts. A set that cannot be read is ignored here and reported by an audit.
  mutating func configure(_ event: Event, _ name: EventLog.Name, version: SemanticVersion) {
    guard let settings = VersionSettings(event) else { return }
    configurations[version, default: []].removeAll { $0.image == event.image }
    configurations[version, default: []].append(
      Configuration(
        event: name, image: event.image, at: event.at, actor: event.actor, tags: settings.lineage.tags))
  }

  /// Tags of a version: those of `opz tag` override those of opz.yaml.
  public func tags(of version: Registry.Version) -> [String: String] {
    let own = configuration(of: version)?.tags ?? version.record.lineage.tags
    return own.merging(tags[version.version] ?? [:]) { _, new in new }
  }
}

extension Registry {
  /// The version with its newest settings in its record; `bytes` stays the recorded document.
  /// - Throws: `RegistryError`, `IOFailure` if the event with the settings cannot be read.
  public func current(_ version: Version, in state: ModelState) throws -> Version {
    guard let settings = try settings(of: version, in: state) else { return version }
    return Version(
      name: version.name, version: version.version, record: version.record.with(settings), bytes: version.bytes,
      artifact: version.artifact)
  }

  /// The version with its newest settings, in the current state of its model.
  public func current(_ version: Version) throws -> Version { try current(version, in: state(version.name)) }

  /// The newest settings of a version; nil if they are those of its record.
  public func settings(of version: Version, in state: ModelState) throws -> VersionSettings? {
    guard let found = state.configuration(of: version) else { return nil }
    let event = try log(version.name).read(found.event).event
    guard let settings = VersionSettings(event) else {
      throw RegistryError(
        .damaged, log(version.name).events.appending(found.event.file).string, reason: "the settings cannot be read")
    }
    return settings
  }

  /// Appends the settings if they differ from the current ones. The caller holds the model's lock.
  /// - Returns: what changed.
  func configure(
    _ version: Version, _ settings: VersionSettings, in state: ModelState, author: Author,
    details: [String: JSONValue]
  ) throws -> [SettingsChange] {
    let changes = try settings.changes(since: VersionSettings(current(version, in: state).record))
    if changes.isEmpty { return [] }
    let value = try JSONValue(encoding: settings)
    let size = try CanonicalJSON.encode(value).count
    guard size <= VersionSettings.limit else {
      throw RegistryError(
        .badName, version.record.reference,
        reason: "its settings have \(size) bytes; at most \(VersionSettings.limit) are kept",
        hint: "keep fewer metrics and tags; a file among lineage.data can have them")
    }
    for test in settings.tests where try !store.has(test.descriptor) {
      throw RegistryError(
        .conflict, version.record.reference, reason: "\(test.name) was collected while it was recorded",
        hint: "run the command again")
    }
    var details = details
    details["settings"] = value
    details["changed"] = .array(changes.prefix(50).map { .string($0.field) })
    try append(.configured, version, author: author, details: details)
    return changes
  }
}
