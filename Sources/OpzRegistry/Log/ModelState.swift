public import OpzIO
import OpzJSON
public import OpzOCI

/// The state of a model: the versions that exist, what each alias names, tags and cards.
///
/// It is a fold over the events in the order of their numbers, then hashes. An event's number is higher than those of
/// the events that it follows, so causes come before effects, and two clones with the same events have the same state.
public struct ModelState: Sendable, Equatable {
  /// A version that an event recorded.
  public struct Entry: Sendable, Equatable {
    public let version: SemanticVersion
    public let artifact: Descriptor
    public let image: Digest
    /// Nil for events of early registries.
    public let content: Digest?
    /// The hash of the event that recorded it.
    public let event: String
    /// RFC 3339.
    public let at: String
    /// The hash of the event that deleted it.
    public var deletedBy: String?
  }

  /// One setting of an alias.
  public struct Move: Sendable, Equatable {
    /// Of its event.
    public let hash: String
    /// Nil if the alias was removed.
    public let version: SemanticVersion?
    public let at: String
    public let actor: String
    public let kind: Event.Kind
    public let after: [String]
    public let restores: String?
  }

  /// A deploy whose manifests were kept.
  public struct Deploy: Sendable, Equatable {
    /// Of its event.
    public let hash: String
    public let version: SemanticVersion
    /// Where the objects are; the deploy replaced the one that was there before.
    public let place: DeployPlace
    /// The objects, a blob.
    public let manifests: Descriptor
    public let at: String
    public let actor: String
    /// The hash of the deploy whose manifests were restored; nil for manifests of its own.
    public let restores: String?
    /// False for an attempt to apply them that is not known to be complete.
    public var isWhole: Bool

    /// Creates a deploy with the given values, unchecked.
    ///
    /// - Parameters:
    ///   - hash: the hash of the deploy's event.
    ///   - at: RFC 3339.
    ///   - restores: the hash of the deploy whose manifests were restored; nil for manifests of its own.
    ///   - isWhole: false for an attempt that is not known to have been applied completely.
    public init(
      hash: String, version: SemanticVersion, place: DeployPlace, manifests: Descriptor, at: String, actor: String,
      restores: String?, isWhole: Bool = true
    ) {
      self.hash = hash
      self.version = version
      self.place = place
      self.manifests = manifests
      self.at = at
      self.actor = actor
      self.restores = restores
      self.isWhole = isWhole
    }
  }

  /// By version; more than one entry if two clones gave the same number to different content.
  public internal(set) var versions: [SemanticVersion: [Entry]] = [:]
  /// All moves of each alias, in the order of the fold.
  public internal(set) var moves: [AliasName: [Move]] = [:]
  public internal(set) var tags: [SemanticVersion: [String: String]] = [:]
  /// The model card of a version, a blob.
  public internal(set) var cards: [SemanticVersion: Descriptor] = [:]

  /// Artifacts about a version, in the order of the fold.
  public internal(set) var attachments: [SemanticVersion: [Attachment]] = [:]

  /// Where a version was pushed to or pulled from, latest last: all its blobs were present there.
  public internal(set) var places: [SemanticVersion: [String]] = [:]

  /// For each image of a version, the event with its newest settings.
  public internal(set) var configurations: [SemanticVersion: [Configuration]] = [:]

  /// All deploys, in the order of the fold.
  public internal(set) var deploys: [Deploy] = []

  /// Manifests whose subject is the version's image, or another such manifest, as events list them in `referrers`;
  /// without the record.
  public internal(set) var referrers: [SemanticVersion: [Descriptor]] = [:]

  /// Blobs that events of unknown kinds name; a collection keeps them.
  public internal(set) var named: [SemanticVersion: [Descriptor]] = [:]

  /// What `HOST/REPO:TAG` named when this registry last pushed or pulled it.
  public internal(set) var seen: [String: Digest] = [:]

  /// The events about a version, in the order of the fold.
  public internal(set) var events: [SemanticVersion: [EventLog.Name]] = [:]

  /// Creates the state of a model without events.
  public init() {}

  mutating func apply(_ event: EventLog.Entry) {
    let (hash, event) = (event.hash, event.event)
    guard let version = SemanticVersion(event.version), let digest = Digest(algorithm: .sha256, hex: hash) else {
      return
    }
    let name = EventLog.Name(number: event.number, digest: digest)
    events[version, default: []].append(name)
    refer(event.details["referrers"], version)
    switch event.kind {
    case .packaged: record(event, hash, version: version)
    case .pulled:
      record(event, hash, version: version)
      place(event.details["source"], version, image: event.image)
    case .pushed: place(event.details["destination"], version, image: event.image)
    case .deleted:
      for index in (versions[version] ?? []).indices where versions[version]?[index].artifact == event.record {
        versions[version]?[index].deletedBy = hash
      }
    case .aliased, .unaliased, .promoted, .rolledBack: move(event, hash, version: version)
    case .tagged:
      for (key, value) in event.details {
        if case .string(let text) = value { tags[version, default: [:]][key] = text }
        if case .null = value { tags[version]?[key] = nil }
      }
    case .described: cards[version] = event.details["card"].flatMap(ModelState.descriptor)
    case .attached: attach(event, version)
    case .deployed: deploy(event, hash, version: version)
    case .configured: configure(event, name, version: version)
    case .repackaged, .tested, .approved: break
    case .unknown: keepBlobs(of: event, version)
    }
  }

  private mutating func refer(_ value: JSONValue?, _ version: SemanticVersion) {
    guard case .array(let items)? = value else { return }
    var known = Set((referrers[version] ?? []).map(\.digest))
    for descriptor in items.compactMap(ModelState.descriptor) where known.insert(descriptor.digest).inserted {
      referrers[version, default: []].append(descriptor.withoutAnnotations)
    }
  }

  private mutating func keepBlobs(of event: Event, _ version: SemanticVersion) {
    var known = Set((named[version] ?? []).map(\.digest))
    for descriptor in ModelState.descriptors(in: .object(event.details)) where known.insert(descriptor.digest).inserted
    {
      named[version, default: []].append(
        Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size))
    }
  }

  private mutating func place(_ value: JSONValue?, _ version: SemanticVersion, image: Digest) {
    let values: [JSONValue] = if case .array(let items)? = value { items } else { value.map { [$0] } ?? [] }
    for case .string(let place) in values {
      places[version, default: []].removeAll { $0 == place }
      places[version, default: []].append(place)
      seen[place] = image
    }
  }

  /// Events of early registries have only the digest of the manifests, which cannot be restored.
  private mutating func deploy(_ event: Event, _ hash: String, version: SemanticVersion) {
    func text(_ key: String) -> String? { if case .string(let text)? = event.details[key] { text } else { nil } }
    if let attempt = text("of") {
      guard let index = deploys.lastIndex(where: { $0.hash == attempt }) else { return }
      return deploys[index].isWhole = text("outcome") == "whole"
    }
    guard let value = event.details["manifests"], let manifests = ModelState.descriptor(value) else { return }
    deploys.append(
      Deploy(
        hash: hash, version: version, place: DeployPlace(text("place") ?? "-", cluster: text("cluster")),
        manifests: manifests, at: event.at, actor: event.actor, restores: text("restores"),
        isWhole: event.details["attempt"] != .bool(true)))
  }

  private mutating func record(_ event: Event, _ hash: String, version: SemanticVersion) {
    guard let artifact = event.record else { return }
    if versions[version, default: []].contains(where: { $0.artifact == artifact && $0.deletedBy == nil }) { return }
    versions[version, default: []].append(
      Entry(
        version: version, artifact: artifact, image: event.image, content: event.content, event: hash, at: event.at))
  }

  private mutating func move(_ event: Event, _ hash: String, version: SemanticVersion) {
    guard let move = event.alias, let alias = AliasName(move.name) else { return }
    moves[alias, default: []].append(
      Move(
        hash: hash, version: event.kind == .unaliased ? nil : version, at: event.at, actor: event.actor,
        kind: event.kind, after: move.after, restores: move.restores))
  }

  /// All descriptors in a value, at any depth: objects with a media type, a digest and a size.
  static func descriptors(in value: JSONValue) -> [Descriptor] {
    switch value {
    case .object(let members):
      (members["digest"] == nil ? nil : descriptor(value)).map { [$0] }
        ?? members.sorted { $0.key < $1.key }.flatMap { descriptors(in: $0.value) }
    case .array(let items): items.flatMap { descriptors(in: $0) }
    case .null, .bool, .integer, .number, .string: []
    }
  }

  static func descriptor(_ value: JSONValue) -> Descriptor? {
    if let descriptor = Descriptor(value) { return descriptor }
    guard let bytes = try? CanonicalJSON.encode(value) else { return nil }
    return try? CanonicalJSON.decode(Descriptor.self, from: bytes, subject: "event")
  }
}

extension ModelState {
  /// The deploys that may have gone to a place, in the order of the fold.
  /// - Parameter context: the namespace of objects that name none.
  public func deploys(in place: DeployPlace, context: String? = nil) -> [Deploy] {
    let place = place.settled(in: context)
    return deploys.filter { $0.place.settled(in: context).mayBe(place) }
  }

  /// The deploy whose manifests a rollback restores: the last complete one before the current one, with other
  /// manifests. A restored deploy counts as the one whose manifests it restored. If the last deploy is incomplete, it
  /// is what that one was to restore, or else the last complete one.
  /// - Parameter context: the namespace of objects that name none.
  public func previousDeploy(in place: DeployPlace, context: String? = nil) -> (last: Deploy, before: Deploy)? {
    let all = deploys(in: place, context: context)
    guard let last = all.last else { return nil }
    guard last.isWhole else {
      let meant = last.restores.flatMap { hash in all.last { $0.hash == hash } }
      return (meant ?? all.last { $0.isWhole }).map { (last, $0) }
    }
    let original = last.restores.flatMap { hash in all.lastIndex { $0.hash == hash } } ?? all.count - 1
    guard let before = all[..<original].last(where: { $0.isWhole && $0.manifests.digest != last.manifests.digest })
    else { return nil }
    return (last, before)
  }

  /// The versions that exist, oldest first by precedence.
  public var live: [Entry] {
    // Sorts the numbers, because entries are large.
    versions.keys.sorted().flatMap { (versions[$0] ?? []).filter { $0.deletedBy == nil } }
  }

  /// Numbers that are taken, by versions that exist or were deleted.
  public var taken: [SemanticVersion] { versions.keys.sorted() }

  /// The newest release, or the newest pre-release if there is no release.
  public var newest: Entry? {
    let order = live
    return order.last { !$0.version.isPrerelease } ?? order.last
  }

  /// The moves of an alias that no other move replaced: one, or several that were made in different clones.
  public func tips(_ alias: AliasName) -> [Move] {
    let moves = moves[alias] ?? []
    let replaced = Set(moves.flatMap(\.after))
    return moves.filter { !replaced.contains($0.hash) }
  }

  /// What an alias names; nil if it is not set, or if clones disagree.
  public func target(_ alias: AliasName) -> SemanticVersion? {
    let named = Set(tips(alias).map(\.version))
    return named.count == 1 ? named.first ?? nil : nil
  }

  /// Whether two clones moved an alias to different versions.
  public func isConflicted(_ alias: AliasName) -> Bool { Set(tips(alias).map(\.version)).count > 1 }

  /// The only entry of a number; nil if there is none.
  /// - Throws: `RegistryError.conflict` if two clones gave it to different content.
  func only(_ version: SemanticVersion, of name: ModelName) throws -> Entry? {
    let found = (versions[version] ?? []).filter { $0.deletedBy == nil }
    guard found.count > 1 else { return found.first }
    throw RegistryError(
      .conflict, "\(name)@\(version)",
      reason:
        "two registries gave this number to different images: \(found.map { "\($0.image)" }.joined(separator: " and "))",
      hint:
        "opz delete \(name)@\(version) --digest DIGEST drops one of them; package its content again for a number of its own"
    )
  }

  /// What an alias names.
  /// - Throws: `RegistryError.notFound`, `.conflict` if clones moved it to different versions.
  func target(_ alias: AliasName, of name: ModelName) throws -> SemanticVersion {
    if let version = target(alias) { return version }
    if isConflicted(alias) {
      let named = tips(alias).map { "\($0.version?.description ?? "none") by \($0.actor)" }
      throw RegistryError(
        .conflict, "\(name)@\(alias)", reason: "two registries moved the alias: \(named.joined(separator: ", "))",
        hint: "opz alias \(name) \(alias) VERSION decides")
    }
    throw RegistryError(.notFound, "\(name)@\(alias)", reason: "no such alias", hint: hint(for: alias, of: name))
  }

  private func hint(for alias: AliasName, of name: ModelName) -> String {
    let text = alias.description
    if let version = SemanticVersion(near: text), versions[version] != nil { return "write \(name)@\(version)" }
    let known = moves.keys.filter { target($0) != nil }.sorted().map(\.description)
    if let near = NearestName.find(text, in: known) { return "did you mean \(name)@\(near)?" }
    return known.isEmpty
      ? "opz alias \(name) \(alias) VERSION sets it" : "\(name) has \(known.joined(separator: ", "))"
  }

  /// The aliases that name a version.
  public func aliases(of version: SemanticVersion) -> [AliasName] {
    moves.keys.filter { alias in tips(alias).contains { $0.version == version } }.sorted()
  }

  /// The move that a rollback of an alias restores: the one before the current move. A rollback counts as the move that
  /// it restored.
  public func previous(_ alias: AliasName) -> Move? {
    let all = Dictionary((moves[alias] ?? []).map { ($0.hash, $0) }, uniquingKeysWith: { one, _ in one })
    let tips = tips(alias)
    func original(_ move: Move) -> Move { move.restores.flatMap { all[$0] } ?? move }
    guard tips.count == 1, let tip = tips.first else { return nil }
    var move = original(tip)
    // At most as many steps as there are moves: a forged log may go in a circle.
    for _ in all {
      guard let before = move.after.compactMap({ all[$0] }).first else { return nil }
      move = original(before)
      guard let version = move.version, version != tip.version else { continue }
      if versions[version]?.contains(where: { $0.deletedBy == nil }) == true { return move }
    }
    return nil
  }

  /// The versions that an alias named at any time since `moment` (RFC 3339), including at that moment.
  public func held(_ alias: AliasName, since moment: String) -> Set<SemanticVersion> {
    let moves = moves[alias] ?? []
    let ends = Dictionary(
      moves.flatMap { move in move.after.map { ($0, move.at) } }, uniquingKeysWith: { max($0, $1) })
    return Set(moves.filter { (ends[$0.hash] ?? "9") >= moment }.compactMap(\.version))
  }
}
