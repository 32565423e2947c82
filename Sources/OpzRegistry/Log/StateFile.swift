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
    text.add(StateFile.title, "\(mark.count)", "\(mark.top)", mark.names)
    // Every version has at least one event.
    let order = state.events.keys.sorted()
    for version in order {
      for entry in (state.versions[version] ?? []).sorted(by: { $0.event < $1.event }) { text.add(entry) }
    }
    for (alias, moves) in state.moves.sorted(by: { $0.key < $1.key }) {
      for move in moves {
        text.add(
          "a", "\(alias)", move.version?.description ?? "", move.kind.rawValue, move.hash, move.at, move.actor,
          move.after.joined(separator: ","), move.restores ?? "")
      }
    }
    for (version, tags) in state.tags.sorted(by: { $0.key < $1.key }) {
      for (key, value) in tags.sorted(by: { $0.key < $1.key }) { text.add("t", "\(version)", key, value) }
    }
    for (version, card) in state.cards.sorted(by: { $0.key < $1.key }) {
      text.add("c", "\(version)", card.mediaType.rawValue, "\(card.digest)", "\(card.size)")
    }
    for deploy in state.deploys {
      text.add(
        "d", "\(deploy.version)", deploy.hash, deploy.place.text, deploy.at, deploy.actor,
        deploy.manifests.mediaType.rawValue,
        "\(deploy.manifests.digest)", "\(deploy.manifests.size)", deploy.restores ?? "", deploy.place.cluster ?? "",
        deploy.isWhole ? "whole" : "")
    }
    for version in order { text.add(version, state.events[version] ?? []) }
    for (version, configurations) in state.configurations.sorted(by: { $0.key < $1.key }) {
      for one in configurations {
        let tags = one.tags.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        text.add(
          ["g", "\(version)", "\(one.event.number)-\(one.event.hash)", "\(one.image)", one.at, one.actor] + tags)
      }
    }
    for (version, attachments) in state.attachments.sorted(by: { $0.key < $1.key }) {
      for attachment in attachments {
        let descriptor = String(decoding: try CanonicalJSON.encode(attachment.descriptor), as: UTF8.self)
        text.add(
          "r", "\(version)", descriptor, "\(attachment.image)", attachment.at, attachment.actor,
          attachment.source?.rawValue ?? "")
      }
    }
    for (version, places) in state.places.sorted(by: { $0.key < $1.key }) {
      text.add(["p", "\(version)", "\(places.count)"] + places)
    }
    for (version, referrers) in state.referrers.sorted(by: { $0.key < $1.key }) {
      for one in referrers {
        text.add(
          "x", "\(version)", one.mediaType.rawValue, "\(one.digest)", "\(one.size)", one.artifactType?.rawValue ?? "")
      }
    }
    for (version, named) in state.named.sorted(by: { $0.key < $1.key }) {
      for one in named { text.add("n", "\(version)", one.mediaType.rawValue, "\(one.digest)", "\(one.size)") }
    }
    for (place, digest) in state.seen.sorted(by: { $0.key < $1.key }) { text.add("s", place, "\(digest)", "") }
    try SealedLines.write(file, text.bytes)
  }

  private struct Lines {
    var bytes: [UInt8] = []

    mutating func add(_ fields: String...) { add(fields) }

    mutating func add(_ fields: [String]) {
      for (index, field) in fields.enumerated() {
        if index > 0 { bytes.append(SealedLines.tab) }
        SealedLines.append(field, to: &bytes)
      }
      bytes.append(SealedLines.newline)
    }

    /// Appends field by field, because there may be 100,000 entries.
    mutating func add(_ entry: ModelState.Entry) {
      bytes += "v\t\(entry.version)".utf8
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
      bytes += "e\t\(version)\t".utf8
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
    guard line.count >= 4, let key = line[0].first, line[0].count == 1, let version = SemanticVersion(ascii: line[1])
    else {
      return line.count == 9 ? addMove(line) : addSeen(line)
    }
    switch (key, line.count) {
    case (UInt8(ascii: "v"), 11): return addVersion(version, line)
    case (UInt8(ascii: "t"), 4): tags[version, default: [:]][line.unescaped(2)] = line.unescaped(3)
    case (UInt8(ascii: "e"), 4):
      events[version] = line[2].split(separator: UInt8(ascii: ",")).compactMap { EventLog.Name(stem: $0) }
    case (UInt8(ascii: "n"), 5):
      guard let digest = Digest(text: line[3]), let size = UInt64(decimal: line[4]) else { return false }
      named[version, default: []].append(
        Descriptor(mediaType: MediaType(line.unescaped(2)), digest: digest, size: size))
    case (UInt8(ascii: "c"), 5):
      guard let digest = Digest(text: line[3]), let size = UInt64(decimal: line[4]) else { return false }
      cards[version] = Descriptor(mediaType: MediaType(line.text(2)), digest: digest, size: size)
    case (UInt8(ascii: "r"), 7):
      guard let image = Digest(text: line[3]),
        let descriptor = try? CanonicalJSON.decode(
          Descriptor.self, from: Array(line.unescaped(2).utf8), subject: "cache")
      else { return false }
      attachments[version, default: []].append(
        Attachment(
          descriptor: descriptor, image: image, at: line.text(4), actor: line.unescaped(5),
          source: Attachment.Source(rawValue: line.text(6))))
    case (UInt8(ascii: "d"), 12):
      guard let digest = Digest(text: line[7]), let size = UInt64(decimal: line[8]) else { return false }
      deploys.append(
        Deploy(
          hash: line.text(2), version: version,
          place: DeployPlace(line.unescaped(3), cluster: line.isEmpty(10) ? nil : line.unescaped(10)),
          manifests: Descriptor(mediaType: MediaType(line.text(6)), digest: digest, size: size), at: line.text(4),
          actor: line.unescaped(5), restores: line.isEmpty(9) ? nil : line.text(9), isWhole: line.text(11) == "whole"))
    case (UInt8(ascii: "x"), 6):
      guard let digest = Digest(text: line[3]), let size = UInt64(decimal: line[4]) else { return false }
      let type = line.isEmpty(5) ? nil : MediaType(line.unescaped(5))
      referrers[version, default: []].append(
        Descriptor(mediaType: MediaType(line.unescaped(2)), digest: digest, size: size, artifactType: type))
    case (UInt8(ascii: "g"), 6...): return addConfiguration(version, line)
    case (UInt8(ascii: "p"), _): places[version] = (3..<line.count).map { line.unescaped($0) }
    default: return addMove(line)
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
    guard line.count == 4, line.text(0) == "s", let digest = Digest(text: line[2]) else { return false }
    seen[line.unescaped(1)] = digest
    return true
  }

  private mutating func addMove(_ line: SealedLines) -> Bool {
    guard line.count == 9, line.text(0) == "a", let alias = AliasName(line.text(1)),
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
