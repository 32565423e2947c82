import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// A `ModelState` as it lies in the registry's `cache/`, with the events that it is of, so that a command need not read them all again.
///
/// Lines of fields with tabs between them, the sha256 of all before in the last line. A file that is not so is as good as none.
struct StateFile {
  /// The events that were folded: how many, the largest number, and the sha256 of their names, a line each.
  struct Mark: Equatable {
    var count = 0
    var top = 0
    var names = ""

    init() {}

    init(_ events: some BidirectionalCollection<EventLog.Name>) {
      count = events.count
      top = events.last?.number ?? 0
      var hasher = DigestHasher(.sha256)
      for name in events { hasher.update(Array("\(name.number)-\(name.hash)\n".utf8)) }
      names = hasher.finish().hex
    }
  }

  var mark: Mark
  var state: ModelState

  static func read(_ file: FilePath) -> StateFile? {
    guard let bytes = try? SmallFile.read(file, limit: 256 << 20) else { return nil }
    guard bytes.last == newline, let cut = bytes.dropLast().lastIndex(of: newline) else { return nil }
    let seal = bytes[(cut + 1)..<(bytes.count - 1)]
    guard Digest.of(Array(bytes[...cut])).hex.utf8.elementsEqual(seal) else { return nil }
    var lines = bytes[..<cut].split(separator: newline, omittingEmptySubsequences: false)[...]
    guard let head = lines.popFirst().map(fields), head.count == 4, head[0] == "opz state 1", let count = Int(head[1]),
      let top = Int(head[2])
    else { return nil }
    var mark = Mark()
    (mark.count, mark.top, mark.names) = (count, top, head[3])
    var state = ModelState()
    for line in lines {
      guard state.add(fields(line)) else { return nil }
    }
    return StateFile(mark: mark, state: state)
  }

  private static func fields(_ line: ArraySlice<UInt8>) -> [String] {
    line.split(separator: tab, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  func write(_ file: FilePath) throws {
    var text = "opz state 1\t\(mark.count)\t\(mark.top)\t\(mark.names)\n"
    for entry in state.versions.values.flatMap({ $0 }).sorted(by: { ($0.version, $0.event) < ($1.version, $1.event) }) {
      text += StateFile.line([
        "v", "\(entry.version)", entry.artifact.mediaType.description, "\(entry.artifact.digest)",
        "\(entry.artifact.size)", entry.artifact.artifactType?.description ?? "", "\(entry.image)",
        entry.content.map { "\($0)" } ?? "", entry.event, entry.at, entry.deletedBy ?? "",
      ])
    }
    for (alias, moves) in state.moves.sorted(by: { $0.key < $1.key }) {
      for move in moves {
        text += StateFile.line([
          "a", "\(alias)", move.version?.description ?? "", move.kind.rawValue, move.hash, move.at, move.actor,
          move.after.joined(separator: ","), move.restores ?? "",
        ])
      }
    }
    for (version, tags) in state.tags.sorted(by: { $0.key < $1.key }) {
      for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
        text += StateFile.line(["t", "\(version)", key, value])
      }
    }
    for (version, card) in state.cards.sorted(by: { $0.key < $1.key }) {
      text += StateFile.line(["c", "\(version)", card.mediaType.description, "\(card.digest)", "\(card.size)"])
    }
    for (version, events) in state.events.sorted(by: { $0.key < $1.key }) {
      text += StateFile.line(["e", "\(version)", events.joined(separator: ","), ""])
    }
    for (version, places) in state.places.sorted(by: { $0.key < $1.key }) {
      text += StateFile.line(["p", "\(version)", "\(places.count)"] + places)
    }
    let bytes = Array(text.utf8)
    try Durable.makeDirectory(file.removingLastComponent())
    try Durable.replaceLazily(file, with: bytes + Array("\(Digest.of(bytes).hex)\n".utf8))
  }

  private static let newline = UInt8(ascii: "\n")
  private static let tab = UInt8(ascii: "\t")

  /// Tabs and line breaks in tags and names of actors would end a field.
  private static func line(_ fields: [String]) -> String {
    fields.map { $0.utf8.contains { $0 < 32 || $0 == 37 } ? escape($0) : $0 }.joined(separator: "\t") + "\n"
  }

  static func escape(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if byte < 32 || byte == 37 {
        bytes += [37] + Array(Hex.encode([byte]).utf8)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func unescape(_ text: String) -> String {
    guard text.utf8.contains(37) else { return text }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == 37, let value = Hex.decode(rest.prefix(2)), value.count == 1 {
        bytes.append(value[0])
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension ModelState {
  /// Takes one line of a state file. False where it is not one.
  fileprivate mutating func add(_ fields: [String]) -> Bool {
    guard fields.count >= 4, let key = fields.first else { return false }
    switch (key, fields.count) {
    case ("v", 11):
      guard let version = SemanticVersion(fields[1]), let digest = Digest(fields[3]), let size = UInt64(fields[4]),
        let image = Digest(fields[6])
      else { return false }
      // One string for all: they are most often the same two.
      let media = fields[2] == MediaType.imageManifest.rawValue ? MediaType.imageManifest : MediaType(fields[2])
      var artifact = Descriptor(mediaType: media, digest: digest, size: size)
      let type = RecordArtifact.artifactType
      if !fields[5].isEmpty { artifact.artifactType = fields[5] == type.rawValue ? type : MediaType(fields[5]) }
      versions[version, default: []].append(
        Entry(
          version: version, artifact: artifact, image: image, content: Digest(fields[7]), event: fields[8],
          at: fields[9], deletedBy: fields[10].isEmpty ? nil : fields[10]))
    case ("a", 9):
      guard let alias = AliasName(fields[1]), let kind = Event.Kind(rawValue: fields[3]) else { return false }
      moves[alias, default: []].append(
        Move(
          hash: fields[4], version: SemanticVersion(fields[2]), at: fields[5], actor: StateFile.unescape(fields[6]),
          kind: kind, after: fields[7].split(separator: ",").map(String.init),
          restores: fields[8].isEmpty ? nil : fields[8]))
    case ("t", 4):
      guard let version = SemanticVersion(fields[1]) else { return false }
      tags[version, default: [:]][StateFile.unescape(fields[2])] = StateFile.unescape(fields[3])
    case ("e", 4):
      guard let version = SemanticVersion(fields[1]) else { return false }
      events[version] = fields[2].split(separator: ",").map(String.init)
    case ("c", 5):
      guard let version = SemanticVersion(fields[1]), let digest = Digest(fields[3]), let size = UInt64(fields[4])
      else {
        return false
      }
      cards[version] = Descriptor(mediaType: MediaType(fields[2]), digest: digest, size: size)
    case ("p", _):
      guard let version = SemanticVersion(fields[1]) else { return false }
      places[version] = fields[3...].map { StateFile.unescape($0) }
    default: return false
    }
    return true
  }
}
