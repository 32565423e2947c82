import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry

/// Formats a version for people.
struct VersionText {
  /// The record with the current settings.
  let record: VersionRecord
  let source: SettingsSource
  let events: [Event]
  let versions: [String]
  var aliases: [String] = []
  /// The record's tags, with the changes of `opz tag` applied.
  var tags: [String: String] = [:]
  var card: String?
  var attachments: [ModelState.Attachment] = []

  var text: String {
    [head, lineage, card ?? "", layers, files, attached, history].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var head: String {
    var table = TextTable([])
    table.add(["version", record.reference])
    table.add(["digest", record.image.digest.description])
    table.add(["content", record.content.description])
    table.add(["created", "\(record.created) by \(record.tool)"])
    table.add([
      "runtime",
      record.runtime.kind + (record.runtime.base.map { " on \($0)" } ?? "")
        + " (\(record.platforms.joined(separator: ", ")))",
    ])
    if source.event != nil { table.add(["settings", source.description]) }
    if let model = record.model { table.add(["model", model.format + signature(model)]) }
    if !aliases.isEmpty { table.add(["aliases", aliases.joined(separator: ", ")]) }
    if versions.count > 1 {
      table.add(["versions", versions.prefix(10).joined(separator: ", ") + (versions.count > 10 ? ", .." : "")])
    }
    return table.text
  }

  private func signature(_ model: VersionRecord.Model) -> String {
    guard case .object(let members)? = model.signature else { return "" }
    func count(_ key: String) -> Int { if case .array(let items)? = members[key] { items.count } else { 0 } }
    return ", \(count("inputs")) inputs, \(count("outputs")) outputs"
  }

  private var lineage: String {
    var table = TextTable([])
    let lineage = record.lineage
    if let git = lineage.git {
      table.add([
        "commit", git.commit + (git.dirty ? " with uncommitted changes" : "") + (git.branch.map { " on \($0)" } ?? ""),
      ])
    }
    if let parent = lineage.parent { table.add(["parent", parent]) }
    for data in lineage.data { table.add(["data", "\(data.path)  \(ByteCount.text(data.size))  \(data.digest)"]) }
    if case .object(let metrics)? = lineage.metrics {
      for (name, value) in metrics.sorted(by: { $0.key < $1.key }) {
        table.add(["metric", "\(name) = \(VersionText.plain(value))"])
      }
    }
    for (key, value) in tags.sorted(by: { $0.key < $1.key }) { table.add(["tag", "\(key) = \(value)"]) }
    return table.text
  }

  private static func plain(_ value: JSONValue) -> String {
    if case .string(let text) = value { return text }
    // A descriptor is shown as its digest alone.
    if case .object(let members) = value, case .string(let digest)? = members["digest"] { return digest }
    return (try? CanonicalJSON.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private var layers: String {
    var table = TextTable(["LAYER", "SIZE", "DIGEST", "COMPRESSION"], right: [1])
    for layer in record.layers {
      table.add([
        layer.role, ByteCount.text(layer.descriptor.size), layer.descriptor.digest.description,
        layer.compressor ?? "as in the base",
      ])
    }
    return record.layers.isEmpty ? "" : table.text
  }

  private var files: String {
    if let list = record.fileList {
      return "the list of files is long (\(ByteCount.text(list.size))): opz show \(record.reference) --files\n"
    }
    return FileText.table(record.files)
  }

  /// The types are as claimed by their authors; `opz verify` checks them.
  private var attached: String {
    var table = TextTable(["ATTACHED", "WHEN", "WHO", "DIGEST"])
    for attachment in attachments {
      let descriptor = attachment.descriptor
      let type = descriptor.annotations?["dev.sigstore.bundle.predicateType"] ?? descriptor.artifactType?.description
      table.add([
        type ?? "", String(attachment.at.prefix(19)) + "Z", attachment.actor, descriptor.digest.description,
      ])
    }
    return attachments.isEmpty ? "" : table.text
  }

  private var history: String {
    var table = TextTable(["EVENT", "WHEN", "WHO", "DETAILS"])
    for event in events {
      let subject = event.alias.map { "\($0.name) " } ?? ""
      table.add([
        event.kind.rawValue, String(event.at.prefix(19)) + "Z", event.actor, subject + VersionText.details(event),
      ])
    }
    return table.text
  }

  /// The names of changed settings: `deploy.replicas.max, push.to and 3 more`.
  private static func names(_ value: JSONValue?) -> String? {
    guard case .array(let items)? = value else { return nil }
    let names = items.compactMap { item -> String? in if case .string(let text) = item { text } else { nil } }
    let rest = names.count - 6
    return names.prefix(6).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }

  /// The details of an event on one line. A receipt is too long; `opz show --json` has it.
  static func details(_ event: Event) -> String {
    if event.kind == .attached, case .object(let members)? = event.details["attachment"] {
      return (["artifactType", "digest"].compactMap { members[$0] } + (event.details["source"].map { [$0] } ?? []))
        .map(plain).joined(separator: " ")
    }
    let changed = event.kind == .configured ? names(event.details["changed"]) : nil
    if let changed, event.details["commit"] == nil { return changed }
    if let changed { return "\(changed) commit=\(plain(event.details["commit"] ?? .null))" }
    if event.kind == .deployed, event.details["of"] != nil { return outcome(event.details) }
    let long = ["receipt", "referrers", "gates", "asked"]
    let shown = event.details.filter { !long.contains($0.key) }.sorted { $0.key < $1.key }
    return (gates(event.details["gates"]) + shown.map { "\($0.key)=\(plain($0.value))" }).joined(separator: " ")
  }

  /// Which gates passed and which failed; `opz history --json` has their evidence.
  private static func gates(_ value: JSONValue?) -> [String] {
    guard case .array(let items)? = value else { return [] }
    var names: [Bool: [String]] = [:]
    for case .object(let members) in items {
      guard case .string(let name)? = members["gate"] else { continue }
      names[members["passed"] == .bool(true), default: []].append(name)
    }
    return [(true, "passed"), (false, "failed")].compactMap { passed, word in
      names[passed].map { "\(word)=\($0.joined(separator: ","))" }
    }
  }

  /// The outcome of an apply, with the number of objects; `opz history --json` has their names.
  private static func outcome(_ details: [String: JSONValue]) -> String {
    var parts = ["outcome=\(details["outcome"].map(plain) ?? "?")"]
    for key in ["applied", "deleted"] {
      if case .array(let names)? = details[key] { parts.append("\(key)=\(names.count)") }
    }
    if case .string(let hash)? = details["of"] { parts.append("of=\(hash.prefix(12))") }
    if case .string(let reason)? = details["reason"] {
      parts.append("reason=\(reason.prefix { $0 != "\n" }.prefix(200))")
    }
    return parts.joined(separator: " ")
  }
}
