import OpzIO
public import OpzOCI

extension Registry {
  /// How a search sorts versions: by a field, ascending or descending (`-created`). A version without the field comes
  /// last.
  public struct SortKey: Sendable, Equatable {
    public let field: VersionQuery.Field
    public let isDescending: Bool

    /// - Throws: `RegistryError` for a field that no version has.
    public init(parsing text: String) throws {
      isDescending = text.hasPrefix("-")
      field = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      try Registry.requireKnown(field, in: text)
    }
  }

  /// A search result.
  public struct Found: Sendable {
    public let version: Version
    public let aliases: [AliasName]
    public let tags: [String: String]
  }

  /// A version that matched, before its record is read.
  private struct Hit: Sendable {
    let name: ModelName
    let version: SemanticVersion
    let artifact: Descriptor
    let keys: [QueryValue?]
    let aliases: [AliasName]
    let tags: [String: String]
    let hasAllTags: Bool

    init(
      _ name: ModelName, _ row: FieldsFile.Row, sort: [SortKey], values: (VersionQuery.Field) -> [QueryValue]
    ) {
      self.name = name
      (version, artifact, aliases) = (row.version, row.artifact, row.aliases)
      (tags, hasAllTags) = (row.tags, row.hasAllTags)
      keys = sort.map { values($0.field).first.map(Registry.sortable) }
    }
  }

  /// The versions that match a query.
  /// - Parameters:
  ///   - name: the model; nil for all models.
  ///   - sort: by default by name, then newest version first.
  public func search(
    _ name: ModelName?, where query: VersionQuery? = nil, sort: [SortKey] = [], limit: Int = .max
  ) async throws -> [Found] {
    for field in query?.fields ?? [] { try Registry.requireKnown(field, in: field.joined(separator: ".")) }
    let names = try name.map { [$0] } ?? models()
    var hits: [Hit] = try await blocking { try inParallel(names) { try self.hits($0, query, sort: sort) } }.flatMap {
      $0
    }
    if !sort.isEmpty {
      hits = hits.enumerated().sorted {
        Registry.isBefore(($0.offset, $0.element.keys), ($1.offset, $1.element.keys), sort: sort)
      }.map(\.element)
    }
    let found = Array(hits.prefix(limit))
    return try await blocking {
      try inParallel(found) { hit in
        let version = try load(hit.name, hit.version, artifact: hit.artifact)
        if hit.hasAllTags { return Found(version: try current(version), aliases: hit.aliases, tags: hit.tags) }
        let tags = version.record.lineage.tags.merging(hit.tags) { _, new in new }
        return Found(version: version, aliases: hit.aliases, tags: tags)
      }
    }
  }

  private func hits(_ name: ModelName, _ query: VersionQuery?, sort: [SortKey]) throws -> [Hit] {
    var wanted: [VersionQuery.Field: Int] = [:]
    for field in (query?.fields ?? []) + sort.map(\.field) where field != ["alias"] && wanted[field] == nil {
      wanted[field] = wanted.count
    }
    let file = FieldsFile(wanted.sorted { $0.value < $1.value }.map(\.key), of: name, in: self)
    let mark = FieldsFile.mark(log(name).events)
    let kept = file.lines()
    if let kept, mark == kept.mark { return Registry.hits(name, in: kept, wanted, query: query, sort: sort) }
    let rows = try rows(name, file.fields, known: kept)
    if let mark { file.write(rows, mark: mark) }
    return rows.compactMap { row in
      func values(_ field: VersionQuery.Field) -> [QueryValue] {
        Registry.values(
          field, { row.aliases }, tags: { row.tags }, hasAllTags: row.hasAllTags, recorded: { row.values[$0] },
          wanted: wanted)
      }
      guard query?.matches(values) ?? true else { return nil }
      return Hit(name, row, sort: sort, values: values)
    }
  }

  /// Searches cached rows: for a version that does not match, only the fields in the query are decoded.
  private static func hits(
    _ name: ModelName, in kept: FieldsFile.Lines, _ wanted: [VersionQuery.Field: Int], query: VersionQuery?,
    sort: [SortKey]
  ) -> [Hit] {
    var lines = kept
    var hits: [Hit] = []
    while lines.next() {
      func values(_ field: VersionQuery.Field) -> [QueryValue] {
        Registry.values(
          field, { lines.aliases }, tags: { lines.tags }, hasAllTags: lines.hasAllTags, recorded: { lines.values($0) },
          wanted: wanted)
      }
      guard query?.matches(values) ?? true, let row = lines.row else { continue }
      hits.append(Hit(name, row, sort: sort, values: values))
    }
    return hits
  }

  /// The values of a field: current aliases; a tag of `opz tag`, else of opz.yaml; or those of the record or later
  /// settings.
  private static func values(
    _ field: VersionQuery.Field, _ aliases: () -> [AliasName], tags: () -> [String: String],
    hasAllTags: @autoclosure () -> Bool, recorded: (Int) -> [QueryValue], wanted: [VersionQuery.Field: Int]
  ) -> [QueryValue] {
    if field == ["alias"] { return aliases().map { .text($0.description) } }
    if field.first == "tag" {
      if let tag = tags()[field.dropFirst().joined(separator: ".")] { return [.text(tag)] }
      if hasAllTags() { return [] }
    }
    return wanted[field].map(recorded) ?? []
  }

  /// The versions of a model, newest first. Records are read only if no cached row has their fields.
  private func rows(_ name: ModelName, _ fields: [VersionQuery.Field], known: FieldsFile.Lines?) throws
    -> [FieldsFile.Row]
  {
    var kept: [Digest: [[QueryValue]]] = [:]
    if var known {
      while known.next() {
        if let row = known.row { kept[row.artifact.digest] = row.values }
      }
    }
    let state = try state(name)
    let aliases = Dictionary(
      grouping: state.moves.keys.sorted().flatMap { alias in state.tips(alias).map { (alias, $0.version) } }, by: \.1)
    let versions = fields.isEmpty ? nil : try? OpenDirectory(versionsDirectory(name))
    return try state.live.reversed().map { entry in
      let values: [[QueryValue]]
      if let later = state.configurations[entry.version]?.last(where: { $0.image == entry.image }) {
        let version = try load(name, entry.version, artifact: entry.artifact, in: versions)
        let fieldsNow = try VersionFields(version, record: current(version, in: state).record)
        return FieldsFile.Row(
          artifact: entry.artifact, version: entry.version, aliases: (aliases[entry.version] ?? []).map(\.0),
          tags: later.tags.merging(state.tags[entry.version] ?? [:]) { _, new in new }, hasAllTags: true,
          values: fields.map { fieldsNow.values($0) })
      } else if let found = kept[entry.artifact.digest] {
        values = found
      } else if fields.isEmpty {
        values = []
      } else {
        let record = try VersionFields(
          load(name, entry.version, artifact: entry.artifact, in: versions))
        values = fields.map { record.values($0) }
      }
      return FieldsFile.Row(
        artifact: entry.artifact, version: entry.version, aliases: (aliases[entry.version] ?? []).map(\.0),
        tags: state.tags[entry.version] ?? [:], hasAllTags: false, values: values)
    }
  }

  private static func isBefore(_ one: (Int, [QueryValue?]), _ other: (Int, [QueryValue?]), sort: [SortKey]) -> Bool {
    for (index, key) in sort.enumerated() {
      switch (one.1[index], other.1[index]) {
      case (nil, nil): continue
      case (nil, _): return false
      case (_, nil): return true
      case (let left?, let right?):
        let order = left.order(right) ?? QueryValue.text(left.text).order(.text(right.text))
        if order == .same { continue }
        return (order == .before) != key.isDescending
      }
    }
    return one.0 < other.0
  }

  /// Two versions compare by precedence.
  fileprivate static func sortable(_ value: QueryValue) -> QueryValue {
    if case .version(let version) = value { .text(version.sortText) } else { value }
  }

  static func requireKnown(_ field: VersionQuery.Field, in text: String) throws {
    guard !VersionFields.isKnown(field) else { return }
    throw RegistryError(
      .badName, text, reason: "versions have no field \"\(field.joined(separator: "."))\"",
      hint: "the fields are \(VersionFields.names.joined(separator: ", "))")
  }
}

extension SemanticVersion {
  /// A text that sorts by precedence when compared by bytes.
  fileprivate var sortText: String {
    func pad(_ number: UInt64) -> String {
      let digits = String(number)
      return String(repeating: "0", count: 20 - digits.utf8.count) + digits
    }
    // A release comes after its pre-releases; in them numbers come before words, and fewer parts before more.
    let suffix = prerelease.map { part in UInt64(part).map { "0" + pad($0) } ?? "1" + part }.joined(separator: "\u{1}")
    return pad(major) + pad(minor) + pad(patch) + (prerelease.isEmpty ? "~" : "-" + suffix)
  }
}
