import OpzIO
import OpzOCI
import OpzStore
import SystemPackage

/// The audit of one model: its events, heads, versions and generated files.
struct ModelAudit {
  let registry: Registry
  let name: ModelName
  /// Corrupt blobs.
  let rotten: Set<Digest>
  /// Whether documents are not read, because their digests are not checked; the record names the same blobs.
  let isQuick: Bool
  private var report = FsckReport()
  private var state = ModelState()
  /// Whether an event that this opz does not know forbids reading the model.
  private var isRefused = false
  private var log: EventLog { registry.log(name) }
  private let blobs: OpenDirectory?
  private let versions: OpenDirectory?
  /// The sizes of blobs that versions share, mostly layers of bases; nil for a missing blob.
  private var shared: [Digest: UInt64?] = [:]

  init(registry: Registry, name: ModelName, rotten: Set<Digest>, isQuick: Bool) {
    self.registry = registry
    self.name = name
    self.rotten = rotten
    self.isQuick = isQuick
    blobs = try? OpenDirectory(registry.root.appending("blobs").appending("sha256"))
    versions = try? OpenDirectory(registry.versionsDirectory(name))
  }

  /// Audits a model while others may write: if there are problems and events were added meanwhile, it audits again.
  /// - Returns: the problems, and the hashes of all events.
  static func run(_ registry: Registry, _ name: ModelName, rotten: Set<Digest>, isQuick: Bool) throws -> (
    report: FsckReport, events: Set<Digest>
  ) {
    var last: (report: FsckReport, events: Set<Digest>)
    var rest = 8
    repeat {
      last = try ModelAudit(registry: registry, name: name, rotten: rotten, isQuick: isQuick).run()
      rest -= 1
    } while rest > 0 && !last.report.problems.isEmpty
      && (try? Set(registry.log(name).names().map(\.digest))) != .some(last.events)
    return last
  }

  private consuming func run() throws -> (report: FsckReport, events: Set<Digest>) {
    report.models = 1
    let events = checkEvents()
    // An event that must not be passed over may change what the versions are.
    if isRefused { return (report, events) }
    for entry in state.live {
      report.versions += 1
      check(entry)
    }
    checkConflicts()
    checkDirectories()
    return (report, events)
  }

  // MARK: Events

  private mutating func checkEvents() -> Set<Digest> {
    do {
      let (names, others, heads) = try snapshot()
      let numbers = Dictionary(names.map { ($0.digest, $0.number) }, uniquingKeysWith: { one, _ in one })
      var followed: Set<Digest> = []
      for file in others { report.add("models/\(name)/events/\(file)", "the name is not valid for an event") }
      let model = name.description
      let directory = try? OpenDirectory(log.events)
      for event in names {
        report.events += 1
        do {
          let entry = try log.document(event, in: directory)
          followed.formUnion(entry.event.heads.compactMap(ModelAudit.digest))
          if let refusal = log.refusal(entry, event) {
            isRefused = true
            report.add(path(event), refusal)
            continue
          }
          if case .unknown(let kind) = entry.event.kind { report.unknown[kind, default: 0] += 1 }
          state.apply(entry)
          if let reason = fault(in: entry.event, of: model, numbers) { report.add(path(event), reason) }
        } catch {
          report.add(path(event), error)
        }
      }
      try checkHeads(names, heads, followed: followed)
      return Set(numbers.keys)
    } catch {
      report.add("models/\(name)", error)
      return []
    }
  }

  /// Nil for a text that is not a hash.
  private static func digest(_ hash: String) -> Digest? { Digest(sha256Hex: Array(hash.utf8)[...]) }

  /// Events and heads at one moment: an append writes first the event and then the head, under the model's lock.
  private func snapshot() throws -> (names: [EventLog.Name], others: [String], heads: Set<String>) {
    // If the lock can be neither created nor opened, no opz writes here.
    let lock = try? FileLock.take(registry.directory(name).appending("lock"), .shared)
    let found = try log.namesAndOthers()
    let heads = Set(try EventLog.list(log.heads).map(\.string))
    _ = consume lock
    return (found.names, found.others, heads)
  }

  private func path(_ event: EventLog.Name) -> String { "models/\(name)/events/\(event.file)" }

  private func fault(in event: Event, of model: String, _ numbers: [Digest: Int]) -> String? {
    if event.model != model { return "it is of the model \(event.model)" }
    var last = 0
    for head in event.heads {
      guard let number = ModelAudit.digest(head).flatMap({ numbers[$0] }) else {
        return "it follows the event \(head), which is missing"
      }
      last = max(last, number)
    }
    if event.number != last &+ 1 { return "it has the number \(event.number) and follows number \(last)" }
    if event.kind == .configured, VersionSettings(event) == nil { return "its settings cannot be read" }
    if SemanticVersion(event.version) == nil { return "\"\(event.version)\" is not a version" }
    return nil
  }

  /// An event that nothing follows is a head, unless its writer crashed before creating the head: then an event that it
  /// follows still is one.
  private mutating func checkHeads(_ names: [EventLog.Name], _ heads: Set<String>, followed: Set<Digest>) throws {
    let known = Set(names.filter { heads.contains($0.hash) }.map(\.hash))
    for head in heads.subtracting(known).sorted() {
      report.add("models/\(name)/heads/\(head)", "the event that it names is missing")
    }
    for event in names where !followed.contains(event.digest) && !known.contains(event.hash) {
      let before = (try? log.document(event).event.heads) ?? []
      if before.isEmpty ? names.count == 1 : before.contains(where: heads.contains) { continue }
      report.add(path(event), "no event follows it and it is not in heads/")
    }
  }

  // MARK: Versions

  private mutating func check(_ entry: ModelState.Entry) {
    isQuick ? checkQuickly(entry) : checkWholly(entry)
  }

  /// Checks that `version.json` is the record whose digest the artifact names, and that the blobs that it names exist.
  private mutating func checkQuickly(_ entry: ModelState.Entry) {
    let subject = "\(name)@\(entry.version)"
    do {
      let version = try registry.load(name, entry.version, artifact: entry.artifact, in: versions)
      let artifact = try document(bytes: entry.artifact)
      let stored = Descriptor.of(version.bytes, RecordArtifact.artifactType)
      if Digest.of(artifact) != entry.artifact.digest || !artifact.contains(text: stored.digest.description) {
        report.add(
          subject, "version.json differs from the record that was stored with it",
          hint: "opz fsck --repair writes it again")
      }
      if version.record.image.digest != entry.image { report.add(subject, "its record belongs to another image") }
      let record = version.record
      var named = [record.image] + record.tests.map(\.descriptor)
      named +=
        record.platforms.count == 1 ? [Descriptor(mediaType: .imageConfig, digest: record.content, size: .max)] : []
      named += (record.artifacts ?? [:]).map(\.value) + (record.fileList.map { [$0] } ?? [])
      named += state.cards[entry.version].map { [$0] } ?? []
      named += state.deploys.filter { $0.version == entry.version }.map(\.manifests)
      named += try registry.settings(of: version, in: state)?.tests.map(\.descriptor) ?? []
      named.append(stored)
      named += state.attachments(of: version).map(\.descriptor)
      var missing: [Descriptor] = []
      for descriptor in named { try look(descriptor, &missing) }
      for descriptor in record.layers.map(\.descriptor) + [.emptyConfig] { try lookOnce(descriptor, &missing) }
      reportMissing(missing, version)
      checkExports(version)
    } catch {
      report.add(subject, error)
    }
  }

  private mutating func checkWholly(_ entry: ModelState.Entry) {
    let subject = "\(name)@\(entry.version)"
    do {
      let manifest = try document(entry.artifact)
      guard let layer = manifest.content.layers.first(where: { $0.mediaType == RecordArtifact.artifactType }) else {
        return report.add(subject, "its artifact does not hold a record")
      }
      let version = try registry.load(name, entry)
      guard version.record.name == name.description, version.record.version == entry.version.description else {
        return report.add(subject, "its record is of \(version.record.reference)")
      }
      if Digest.of(version.bytes) != layer.digest {
        report.add(
          subject, "version.json differs from the record that was stored with it",
          hint: "opz fsck --repair writes it again")
      }
      if manifest.content.subject?.digest != version.record.image.digest || entry.image != version.record.image.digest {
        report.add(subject, "its record belongs to another image")
      }
      try checkContent(version, manifest)
      checkExports(version)
    } catch {
      report.add(subject, error)
    }
  }

  private func document(bytes descriptor: Descriptor) throws -> [UInt8] {
    if descriptor.digest.algorithm == .sha256, let size = Int(exactly: descriptor.size), size <= Document.limit,
      let bytes = blobs?.read(ModelAudit.file(descriptor.digest), limit: size), bytes.count == size
    {
      return bytes
    }
    return try registry.store.content(descriptor)
  }

  private static func file(_ digest: Digest) -> [UInt8] {
    var name: [UInt8] = []
    name.reserveCapacity(64)
    digest.appendHex(to: &name)
    return name
  }

  private func document(_ descriptor: Descriptor) throws -> Manifest {
    try Manifest(
      raw: registry.store.content(descriptor), mediaType: descriptor.mediaType,
      subject: descriptor.digest.description)
  }

  private mutating func checkContent(_ version: Registry.Version, _ artifact: Manifest) throws {
    var missing: [Descriptor] = []
    if let card = state.cards[version.version] { try look(card, &missing) }
    for deploy in state.deploys where deploy.version == version.version { try look(deploy.manifests, &missing) }
    for descriptor in artifact.references { try look(descriptor, &missing) }
    for test in try registry.settings(of: version, in: state)?.tests ?? [] { try look(test.descriptor, &missing) }
    for attachment in state.attachments(of: version) { try check(attachment, of: version, &missing) }
    var rest = [version.record.image] + (version.record.artifacts ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    while let root = rest.popLast() {
      guard try look(root, &missing) else { continue }
      let children = try registry.children(of: root)
      for child in children { try registry.check(config: child) }
      rest += children
    }
    // Missing and corrupt documents are reported as such.
    if !missing.contains(where: { $0.mediaType.isDocument || $0.mediaType.isImageConfig }) { checkRecord(version) }
    reportMissing(missing, version)
  }

  /// Checks that the record agrees with the image's documents.
  private mutating func checkRecord(_ version: Registry.Version) {
    let subject = "\(name)@\(version.version)"
    do {
      let facts = try ImageFacts(version.record.image, in: registry.store)
      guard let reason = version.record.contradiction(to: facts) else { return }
      report.add(
        subject, "its record contradicts its image: \(reason)",
        hint: "the record was changed; opz delete \(subject), and take the version from where it was made")
    } catch {
      report.add(subject, error)
    }
  }

  /// Checks that an attachment is about the image that its event names, and complete.
  private mutating func check(
    _ attachment: ModelState.Attachment, of version: Registry.Version, _ missing: inout [Descriptor]
  ) throws {
    guard try look(attachment.descriptor, &missing) else { return }
    let manifest = try document(attachment.descriptor)
    if manifest.content.subject?.digest != attachment.image {
      report.add(
        "\(name)@\(version.version)", "the attachment \(attachment.descriptor.digest) belongs to another image")
    }
    for descriptor in manifest.references { try look(descriptor, &missing) }
  }

  private mutating func reportMissing(_ missing: [Descriptor], _ version: Registry.Version) {
    let places = state.places[version.version] ?? []
    var seen: Set<Digest> = []
    for descriptor in missing where seen.insert(descriptor.digest).inserted {
      let isElsewhere =
        !places.isEmpty
        || version.record.layers.contains { $0.descriptor.digest == descriptor.digest && $0.origin != nil }
      if isElsewhere, (try? FileStatus.find(registry.store.path(of: descriptor.digest))) == .some(nil) {
        report.elsewhere += 1
        continue
      }
      report.lost.append(descriptor)
      report.add(
        "\(name)@\(version.version)", "\(descriptor.mediaType) \(descriptor.digest) is missing or damaged",
        hint: places.first.map { "opz fsck --repair --from \($0)" })
    }
  }

  /// Whether a blob exists and, as far as is known, is intact. An unknown size is `.max`.
  @discardableResult
  private func look(_ descriptor: Descriptor, _ missing: inout [Descriptor]) throws -> Bool {
    let isThere = isWhole(try size(of: descriptor.digest), descriptor)
    if isThere, !rotten.contains(descriptor.digest) { return true }
    missing.append(descriptor)
    return false
  }

  /// Like `look`, for a blob that several versions may name: its size is looked up once.
  private mutating func lookOnce(_ descriptor: Descriptor, _ missing: inout [Descriptor]) throws {
    let size: UInt64?
    if let known = shared[descriptor.digest] {
      size = known
    } else {
      size = try self.size(of: descriptor.digest)
      shared[descriptor.digest] = .some(size)
    }
    if !isWhole(size, descriptor) || rotten.contains(descriptor.digest) { missing.append(descriptor) }
  }

  private func isWhole(_ size: UInt64?, _ descriptor: Descriptor) -> Bool {
    size != nil && (size == descriptor.size || descriptor.size == .max)
  }

  /// The size of a blob's file; nil if there is none.
  private func size(of digest: Digest) throws -> UInt64? {
    let status =
      if let blobs, digest.algorithm == .sha256 {
        try blobs.find(ModelAudit.file(digest))
      } else {
        try FileStatus.find(registry.store.path(of: digest))
      }
    return status?.kind == .file ? status?.size : nil
  }

  // MARK: Generated files

  private mutating func checkExports(_ version: Registry.Version) {
    let place = registry.directory(name, version.version)
    let subject = "models/\(name)/versions/\(version.version)"
    let own = Array("\(version.version)/".utf8)
    func isThere(_ file: String) -> Bool { (try? versions?.find(own + file.utf8)) ?? nil != nil }
    guard isThere("oci-layout") || isThere("index.json") else { return }
    for (file, bytes) in (try? registry.layoutFiles(of: version)) ?? [] {
      // They are missing in a git clone; opz does not need them.
      guard
        let found = versions?.read(own + file.utf8, limit: 1 << 20)
          ?? (try? SmallFile.read(place.appending(file), limit: 1 << 20)),
        found != bytes
      else { continue }
      report.add(
        "\(subject)/\(file)", "the generated file differs from its source",
        hint: "opz fsck --repair writes it again")
    }
  }

  private mutating func checkConflicts() {
    for (version, entries) in state.versions.sorted(by: { $0.key < $1.key }) {
      let live = entries.filter { $0.deletedBy == nil }
      guard live.count > 1 else { continue }
      report.add(
        "\(name)@\(version)",
        "two registries gave this number to different images: \(live.map { "\($0.image)" }.joined(separator: " and "))",
        hint:
          "opz delete \(name)@\(version) --digest DIGEST drops one; package its content again for a number of its own")
    }
    for alias in state.moves.keys.sorted() where state.isConflicted(alias) {
      let named = state.tips(alias).map { "\($0.version?.description ?? "nothing") by \($0.actor) at \($0.at)" }
      report.add(
        "\(name)@\(alias)", "two registries moved the alias: \(named.joined(separator: "; "))",
        hint: "opz alias \(name) \(alias) VERSION decides")
    }
    for alias in state.moves.keys.sorted() {
      if let version = state.target(alias), state.versions[version]?.contains(where: { $0.deletedBy == nil }) != true {
        report.add("\(name)@\(alias)", "it names \(version), which does not exist")
      }
    }
  }

  /// Reports names that are not versions. A version's directory without an event was left by a crashed writer and is
  /// harmless.
  private mutating func checkDirectories() {
    for entry in (try? Directory.names(registry.versionsDirectory(name))) ?? []
    where entry.first != UInt8(ascii: ".") && SemanticVersion(ascii: entry[...]) == nil {
      report.add("models/\(name)/versions/\(String(decoding: entry, as: UTF8.self))", "the name is not a version")
    }
  }
}
