public import OpzIO
public import OpzJSON
import OpzOCI
import OpzStore
import SystemPackage

/// The events of one model, on disk: `events/<number>-<hash>.json`, and `heads/<hash>` for each event that no other
/// names.
///
/// The hash is the SHA-256 of the file's bytes. Writers hold the model's lock exclusively.
public struct EventLog: Sendable {
  /// An event with the hash of its file.
  public struct Entry: Sendable, Hashable {
    public let hash: String
    public let event: Event
  }

  let directory: FilePath
  /// Of the registry: readers of format 1 refuse a kind that they do not know.
  let format: Int

  var events: FilePath { directory.appending("events") }
  var heads: FilePath { directory.appending("heads") }

  /// All events by number, then by hash.
  public func entries() throws -> [Entry] {
    let directory = try? OpenDirectory(events)
    return try names().map { try read($0, in: directory) }
  }

  /// An event as it is in its file, members that this opz does not know included.
  public func json(of entry: Entry) throws -> [String: JSONValue] {
    guard let digest = Digest(algorithm: .sha256, hex: entry.hash) else { return [:] }
    let path = events.appending(Name(number: entry.event.number, digest: digest).file)
    return try JSONValue(json: SmallFile.read(path, limit: EventLog.limit)).object ?? [:]
  }

  /// The hashes of the newest events, sorted.
  ///
  /// A writer that crashed between its event and its head leaves an event with a higher number than all heads: it
  /// counts as a head.
  public func currentHeads() throws -> [String] {
    try headEntries().map(\.hash).sorted()
  }

  func headEntries() throws -> [Name] {
    let all = try names()
    let marked = try Set(EventLog.list(heads).map(\.string))
    var current = all.filter { marked.contains($0.hash) }
    let top = current.map(\.number).max() ?? 0
    let strays = all.filter { $0.number > top }
    if strays.isEmpty { return current }
    current += strays
    let followed = Set(try strays.flatMap { try document($0).event.heads })
    current.removeAll { followed.contains($0.hash) }
    return current
  }

  /// Appends an event after the current heads. The caller holds the model's lock exclusively.
  /// - Parameter make: creates the event from its number and the hashes of the heads.
  @discardableResult
  func append(_ make: (_ number: Int, _ heads: [String]) -> Event) throws -> Entry {
    try Durable.makeDirectory(events)
    try Durable.makeDirectory(heads)
    let seen = try headEntries()
    let last = seen.map(\.number).max() ?? 0
    guard last < Name.largest else {
      throw RegistryError(
        .damaged, events.string, reason: "an event has the number \(last), and none can come after it",
        hint: "opz fsck names the event whose number is wrong; a writer counts from one")
    }
    try markStrays(among: seen)
    let event = make(last + 1, seen.map(\.hash).sorted())
    let bytes = try CanonicalJSON.encodePretty(event)
    let name = Name(number: event.number, digest: Digest.of(bytes))
    guard try Durable.createExclusively(events.appending(name.file), with: bytes) else {
      throw RegistryError(.damaged, events.appending(name.file).string, reason: "the event exists already")
    }
    try moveHeads(event.heads, to: name.hash)
    return Entry(hash: name.hash, event: event)
  }

  /// Creates the head that a crashed writer did not create. This happens before the next event, so there is never more
  /// than one event above the heads.
  private func markStrays(among current: [Name]) throws {
    let marked = Set(try EventLog.list(heads).map(\.string))
    for stray in current where !marked.contains(stray.hash) {
      try moveHeads(document(stray).event.heads, to: stray.hash)
    }
  }

  /// Replaces the heads that an event follows by the event's own. Heads are empty files, so one of the old ones is
  /// renamed: nothing has to be written.
  private func moveHeads(_ followed: [String], to new: String) throws {
    let old = try EventLog.list(heads).filter { $0.string != new && followed.contains($0.string) }
    guard let first = old.first else {
      _ = try Durable.createExclusively(heads.appending(new), with: [])
      return
    }
    try Durable.move(heads.appending(first), to: heads.appending(new))
    // Last, so that a crash leaves old heads that the new event follows, and never no head at all.
    for other in old.dropFirst() { try Durable.remove(heads.appending(other)) }
  }

  /// The name of an event's file. Each search compares up to 100,000 of them.
  public struct Name: Hashable, Comparable, Sendable {
    public let number: Int
    public let digest: Digest

    /// The largest whole number on which all JSON readers agree; no log is that long.
    static let largest = 1 << 53

    /// The digest's hex digits.
    public var hash: String { digest.hex }

    /// `00000012-4be7...json`
    var file: String { String(decoding: fileBytes, as: UTF8.self) }

    var fileBytes: [UInt8] {
      let digits = String(number).utf8
      var bytes: [UInt8] = []
      bytes.reserveCapacity(80)
      for _ in 0..<max(0, 8 - digits.count) { bytes.append(UInt8(ascii: "0")) }
      bytes += digits
      bytes.append(UInt8(ascii: "-"))
      digest.appendHex(to: &bytes)
      bytes += ".json".utf8
      return bytes
    }

    init(number: Int, digest: Digest) {
      self.number = number
      self.digest = digest
    }

    init?(_ file: String) { self.init(file: Array(file.utf8)) }

    /// The bytes of a file's name.
    init?(file: [UInt8]) {
      guard file.count > 70, file.suffix(5).elementsEqual(".json".utf8) else { return nil }
      self.init(stem: file.dropLast(5))
    }

    /// `12-4be7..`, the number with any leading zeros.
    init?(stem: ArraySlice<UInt8>) {
      guard stem.count > 65, stem[stem.endIndex - 65] == UInt8(ascii: "-"),
        let digest = Digest(sha256Hex: stem.suffix(64)),
        let number = Int(decimal: stem.dropLast(65)), (1...Name.largest).contains(number)
      else { return nil }
      self.init(number: number, digest: digest)
    }

    /// Orders events as the fold applies them: by number, then by hash.
    public static func < (left: Name, right: Name) -> Bool {
      left.number != right.number ? left.number < right.number : left.digest < right.digest
    }
  }

  func names() throws -> [Name] { try namesAndOthers().names }

  /// All names in the directory of events: those of events, in order, and others.
  func namesAndOthers() throws -> (names: [Name], others: [String]) {
    guard try FileStatus.find(events) != nil else { return ([], []) }
    var found: [Name] = []
    var others: [String] = []
    for file in try Directory.names(events) where file.first != UInt8(ascii: ".") {
      if let name = Name(file: file) {
        found.append(name)
      } else {
        others.append(String(decoding: file, as: UTF8.self))
      }
    }
    return (EventLog.ordered(found), others)
  }

  private static func ordered(_ found: [Name]) -> [Name] {
    // They usually come in order, because numbers have leading zeros.
    return zip(found, found.dropFirst()).allSatisfy { $0 < $1 } ? found : found.sorted()
  }

  /// Reads one event, for the state of its model.
  /// - Parameter directory: that of the events, for readers of many.
  /// - Throws: `RegistryError.damaged`; `.unknownFormat` for an event that this opz must not pass over.
  func read(_ name: Name, in directory: OpenDirectory? = nil) throws -> Entry {
    let entry = try document(name, in: directory)
    if let refusal = refusal(entry, name) { throw refusal }
    return entry
  }

  /// Why the model cannot be read by this opz; nil where the event is known or may be passed over.
  func refusal(_ entry: Entry, _ name: Name) -> RegistryError? {
    let path = { events.appending(name.file).string }
    if let feature = RegistryFormat.unknown(in: entry.event.critical) {
      return RegistryFormat.missingFeature(path(), "the model", feature: feature)
    }
    guard format == 1, !entry.event.isOfFormat1 else { return nil }
    return RegistryError(
      .unknownFormat, path(),
      reason:
        "a registry of format 1 has no events of format 2, and this one is of the kind \(entry.event.kind.rawValue)",
      hint: "opz registry upgrade, if this registry was merged with one of format 2")
  }

  /// Reads one event, whether or not this opz knows what it means, and checks that its bytes have the hash in its name.
  func document(_ name: Name, in directory: OpenDirectory? = nil) throws -> Entry {
    if let bytes = directory?.read(name.fileBytes, limit: EventLog.limit) {
      return try entry(name, bytes, path: { events.appending(name.file) })
    }
    let path = events.appending(name.file)
    return try entry(name, SmallFile.read(path, limit: EventLog.limit), path: { path })
  }

  private static let limit = 16 << 20

  private func entry(_ name: Name, _ bytes: [UInt8], path: () -> FilePath) throws -> Entry {
    guard Digest.of(bytes) == name.digest else {
      throw RegistryError(.damaged, path().string, reason: "the event's content does not have the hash in its name")
    }
    let event =
      try Event(plain: bytes)
      ?? CanonicalJSON.decode(Event.self, from: bytes, .event, subject: path().string)
    guard RegistryFormat.documents.contains(event.format) else {
      throw RegistryFormat.laterFormat(
        path().string, "the event", format: event.format, reads: RegistryFormat.documents)
    }
    guard event.number == name.number else {
      throw RegistryError(.damaged, path().string, reason: "the event has the number \(event.number), its name another")
    }
    return Entry(hash: name.hash, event: event)
  }

  static func list(_ directory: FilePath) throws -> [FilePath.Component] {
    guard try FileStatus.find(directory) != nil else { return [] }
    return try Directory.entries(directory).filter { !$0.string.hasPrefix(".") }
  }
}
