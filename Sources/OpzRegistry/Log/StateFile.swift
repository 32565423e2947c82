import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import SystemPackage

/// A `ModelState` in the registry's `cache/`, with a mark of the events that it was folded from, so that a command need
/// not read them all again.
///
/// The file consists of `SealedLines`; any other file is treated as missing.
struct StateFile {
  /// The events that were folded: how many, the largest number, and the SHA-256 of their names, one per line.
  struct Mark: Equatable {
    var count = 0
    var top = 0
    var names = ""

    init() {}

    init(_ events: some BidirectionalCollection<EventLog.Name>) {
      count = events.count
      top = events.last?.number ?? 0
      var hasher = DigestHasher(.sha256)
      var line: [UInt8] = []
      for name in events {
        line.removeAll(keepingCapacity: true)
        line += String(name.number).utf8
        line.append(UInt8(ascii: "-"))
        name.digest.appendHex(to: &line)
        line.append(SealedLines.newline)
        hasher.update(line)
      }
      names = hasher.finish().hex
    }
  }

  /// Another opz may know other kinds of events and fold the same events into another state.
  private static let title = "opz state 7 \(RegistryFormat.fingerprint)"

  var mark: Mark
  var state: ModelState

  static func read(_ file: FilePath) -> StateFile? {
    guard var lines = SealedLines(file), lines.next(), lines.count == 4, lines.text(0) == StateFile.title,
      let count = Int(decimal: lines[1]), let top = Int(decimal: lines[2])
    else { return nil }
    var mark = Mark()
    (mark.count, mark.top, mark.names) = (count, top, lines.text(3))
    var state = ModelState()
    while lines.next() {
      guard state.add(lines) else { return nil }
    }
    return StateFile(mark: mark, state: state)
  }

  func write(_ file: FilePath) throws {
    var text = Lines()
    text.add([StateFile.title, "\(mark.count)", "\(mark.top)", mark.names])
    // Every version has at least one event.
    let order = state.events.keys.sorted()
    for version in order {
      for entry in (state.versions[version] ?? []).sorted(by: { $0.event < $1.event }) { text.add(entry) }
    }
    for (alias, move) in StateFile.flat(state.moves) {
      text.add(
        .move, "\(alias)", move.version?.description ?? "", move.kind.rawValue, move.hash, move.at, move.actor,
        move.after.joined(separator: ","), move.restores ?? "")
    }
    for (version, tags) in state.tags.sorted(by: { $0.key < $1.key }) {
      for (key, value) in tags.sorted(by: { $0.key < $1.key }) { text.add(.tag, "\(version)", key, value) }
    }
    for (version, card) in state.cards.sorted(by: { $0.key < $1.key }) { text.add(.card, version, blob: card) }
    for deploy in state.deploys {
      text.add(
        .deploy, "\(deploy.version)", deploy.hash, deploy.place.text, deploy.at, deploy.actor,
        deploy.manifests.mediaType.rawValue, "\(deploy.manifests.digest)", "\(deploy.manifests.size)",
        deploy.restores ?? "", deploy.place.cluster ?? "", deploy.isWhole ? "whole" : "")
    }
    for version in order { text.add(version, state.events[version] ?? []) }
    for (version, one) in StateFile.flat(state.configurations) {
      let tags = one.tags.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
      text.add(
        .configuration,
        ["\(version)", "\(one.event.number)-\(one.event.hash)", "\(one.image)", one.at, one.actor] + tags)
    }
    for (version, attachment) in StateFile.flat(state.attachments) {
      let descriptor = String(decoding: try CanonicalJSON.encode(attachment.descriptor), as: UTF8.self)
      text.add(
        .attachment, "\(version)", descriptor, "\(attachment.image)", attachment.at, attachment.actor,
        attachment.source?.rawValue ?? "")
    }
    for (version, places) in state.places.sorted(by: { $0.key < $1.key }) {
      text.add(.places, ["\(version)", "\(places.count)"] + places)
    }
    for (version, one) in StateFile.flat(state.referrers) {
      text.add(.referrer, version, blob: one, more: one.artifactType?.rawValue ?? "")
    }
    for (version, one) in StateFile.flat(state.named) { text.add(.named, version, blob: one) }
    for (place, digest) in state.seen.sorted(by: { $0.key < $1.key }) { text.add(.seen, place, "\(digest)", "") }
    try SealedLines.write(file, text.bytes)
  }

  /// The values by key, one by one.
  private static func flat<Key: Comparable, Value>(_ values: [Key: [Value]]) -> [(Key, Value)] {
    values.sorted { $0.key < $1.key }.flatMap { key, values in values.map { (key, $0) } }
  }

  /// What a line holds: its first field is this letter, and the cases name the others.
  fileprivate enum LineKind: UInt8 {
    /// `a` for a move of an alias: alias, version, kind of event, hash, time, actor, hashes before it, the hash that it
    /// restores.
    case move = 0x61
    /// `c` for a card: version, media type, digest, size.
    case card = 0x63
    /// `d`: version, hash, place, time, actor, media type, digest and size of the manifests, the hash that it restores,
    /// cluster, `whole` if it was applied.
    case deploy = 0x64
    /// `e`: version, its events' names separated by commas, and an empty field.
    case events = 0x65
    /// `g`: version, event, image, time, actor, then each tag's key and value.
    case configuration = 0x67
    /// `n` for a blob that documents of a later opz name: version, media type, digest, size.
    case named = 0x6E
    /// `p`: version, number of places, the places.
    case places = 0x70
    /// `r`: version, descriptor as JSON, image, time, actor, source.
    case attachment = 0x72
    /// `s` for the newest version seen at a place: place, digest, and an empty field.
    case seen = 0x73
    /// `t`: version, key, value.
    case tag = 0x74
    /// `v`: version, the record's media type, digest, size and artifact type, image, content, event, time, who deleted
    /// it.
    case version = 0x76
    /// `x`: version, media type, digest, size, artifact type.
    case referrer = 0x78
  }

  private struct Lines {
    var bytes: [UInt8] = []

    mutating func add(_ kind: LineKind, _ fields: String...) { add(kind, fields) }

    mutating func add(_ kind: LineKind, _ fields: [String]) {
      bytes.append(kind.rawValue)
      for field in fields { add(field: field) }
      bytes.append(SealedLines.newline)
    }

    mutating func add(_ kind: LineKind, _ version: SemanticVersion, blob: Descriptor, more: String...) {
      add(kind, ["\(version)", blob.mediaType.rawValue, "\(blob.digest)", "\(blob.size)"] + more)
    }

    mutating func add(_ fields: [String]) {
      for (index, field) in fields.enumerated() {
        if index > 0 { bytes.append(SealedLines.tab) }
        SealedLines.append(field, to: &bytes)
      }
      bytes.append(SealedLines.newline)
    }

    /// Appends field by field, because there may be 100,000 entries.
    mutating func add(_ entry: ModelState.Entry) {
      bytes.append(LineKind.version.rawValue)
      bytes += "\t\(entry.version)".utf8
      add(field: entry.artifact.mediaType.rawValue)
      bytes.append(SealedLines.tab)
      entry.artifact.digest.append(to: &bytes)
      add(field: String(entry.artifact.size))
      add(field: entry.artifact.artifactType?.rawValue ?? "")
      bytes.append(SealedLines.tab)
      entry.image.append(to: &bytes)
      bytes.append(SealedLines.tab)
      entry.content?.append(to: &bytes)
      add(field: entry.event)
      add(field: entry.at)
      add(field: entry.deletedBy ?? "")
      bytes.append(SealedLines.newline)
    }

    private mutating func add(field: String) {
      bytes.append(SealedLines.tab)
      SealedLines.append(field, to: &bytes)
    }

    /// Appends the events about a version.
    mutating func add(_ version: SemanticVersion, _ names: [EventLog.Name]) {
      bytes.append(LineKind.events.rawValue)
      bytes += "\t\(version)\t".utf8
      for (index, name) in names.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes += "\(name.number)-".utf8
        name.digest.appendHex(to: &bytes)
      }
      bytes += [SealedLines.tab, SealedLines.newline]
    }
  }
}

extension ModelState {
  /// Applies one line of a state file. False for a malformed line.
  fileprivate mutating func add(_ line: SealedLines) -> Bool {
    guard line.count >= 4, line[0].count == 1, let kind = line[0].first.flatMap(StateFile.LineKind.init) else {
      return false
    }
    if kind == .move { return addMove(line) }
    if kind == .seen { return addSeen(line) }
    guard let version = SemanticVersion(ascii: line[1]) else { return false }
    switch (kind, line.count) {
    case (.version, 11): return addVersion(version, line)
    case (.tag, 4): tags[version, default: [:]][line.unescaped(2)] = line.unescaped(3)
    case (.events, 4):
      events[version] = line[2].split(separator: UInt8(ascii: ",")).compactMap { EventLog.Name(stem: $0) }
    case (.named, 5):
      guard let digest = Digest(text: line[3]), let size = UInt64(decimal: line[4]) else { return false }
      named[version, default: []].append(
        Descriptor(mediaType: MediaType(line.unescaped(2)), digest: digest, size: size))
    case (.card, 5):
      guard let digest = Digest(text: line[3]), let size = UInt64(decimal: line[4]) else { return false }
      cards[version] = Descriptor(mediaType: MediaType(line.text(2)), digest: digest, size: size)
    case (.attachment, 7):
      guard let image = Digest(text: line[3]),
        let descriptor = try? CanonicalJSON.decode(
          Descriptor.self, from: Array(line.unescaped(2).utf8), subject: "cache")
      else { return false }
      attachments[version, default: []].append(
        Attachment(
          descriptor: descriptor, image: image, at: line.text(4), actor: line.unescaped(5),
          source: Attachment.Source(rawValue: line.text(6))))
    case (.deploy, 12):
      guard let digest = Digest(text: line[7]), let size = UInt64(decimal: line[8]) else { return false }
      deploys.append(
        Deploy(
          hash: line.text(2), version: version,
          place: DeployPlace(line.unescaped(3), cluster: line.isEmpty(10) ? nil : line.unescaped(10)),
          manifests: Descriptor(mediaType: MediaType(line.text(6)), digest: digest, size: size), at: line.text(4),
          actor: line.unescaped(5), restores: line.isEmpty(9) ? nil : line.text(9), isWhole: line.text(11) == "whole"))
    case (.referrer, 6):
      guard let digest = Digest(text: line[3]), let size = UInt64(decimal: line[4]) else { return false }
      let type = line.isEmpty(5) ? nil : MediaType(line.unescaped(5))
      referrers[version, default: []].append(
        Descriptor(mediaType: MediaType(line.unescaped(2)), digest: digest, size: size, artifactType: type))
    case (.configuration, 6...): return addConfiguration(version, line)
    case (.places, _): places[version] = (3..<line.count).map { line.unescaped($0) }
    default: return false
    }
    return true
  }

  private mutating func addVersion(_ version: SemanticVersion, _ line: SealedLines) -> Bool {
    guard let digest = Digest(text: line[3]), let size = UInt64(decimal: line[4]), let image = Digest(text: line[6])
    else {
      return false
    }
    var artifact = Descriptor(
      mediaType: MediaType(line.text(2, or: MediaType.imageManifest.rawValue)), digest: digest, size: size)
    if !line.isEmpty(5) {
      artifact.artifactType = MediaType(line.text(5, or: RecordArtifact.artifactType.rawValue))
    }
    versions[version, default: []].append(
      Entry(
        version: version, artifact: artifact, image: image, content: Digest(text: line[7]), event: line.text(8),
        at: line.text(9), deletedBy: line.isEmpty(10) ? nil : line.text(10)))
    return true
  }

  private mutating func addConfiguration(_ version: SemanticVersion, _ line: SealedLines) -> Bool {
    guard line.count.isMultiple(of: 2), let event = EventLog.Name(stem: line[2]), let image = Digest(text: line[3])
    else { return false }
    let tags = stride(from: 6, to: line.count, by: 2).map { (line.unescaped($0), line.unescaped($0 + 1)) }
    configurations[version, default: []].append(
      Configuration(
        event: event, image: image, at: line.text(4), actor: line.unescaped(5),
        tags: Dictionary(tags, uniquingKeysWith: { one, _ in one })))
    return true
  }

  private mutating func addSeen(_ line: SealedLines) -> Bool {
    guard line.count == 4, let digest = Digest(text: line[2]) else { return false }
    seen[line.unescaped(1)] = digest
    return true
  }

  private mutating func addMove(_ line: SealedLines) -> Bool {
    guard line.count == 9, let alias = AliasName(line.text(1)),
      let kind = Event.Kind(rawValue: line.text(3))
    else { return false }
    moves[alias, default: []].append(
      Move(
        hash: line.text(4), version: SemanticVersion(line.text(2)), at: line.text(5), actor: line.unescaped(6),
        kind: kind, after: line.text(7).split(separator: ",").map(String.init),
        restores: line.isEmpty(8) ? nil : line.text(8)))
    return true
  }
}
