public import OpzOCI

extension Registry {
  /// How a search puts versions in order: by a field, up or down (`-created`). A version without the field comes last.
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

  /// A version that a search found.
  public struct Found: Sendable {
    public let version: Version
    public let aliases: [AliasName]
    public let tags: [String: String]
  }

  /// A version that passed, before its record is read.
  private struct Hit: Sendable {
    let name: ModelName
    let entry: ModelState.Entry
    let keys: [QueryValue?]
    let aliases: [AliasName]
    let tags: [String: String]
  }

  /// The versions that pass a query.
  /// - Parameters:
  ///   - name: of one model; nil for all.
  ///   - sort: else by name, then newest version first.
  public func search(
    _ name: ModelName?, where query: VersionQuery? = nil, sort: [SortKey] = [], limit: Int = .max
  ) async throws -> [Found] {
    for field in query?.fields ?? [] { try Registry.requireKnown(field, in: field.joined(separator: ".")) }
    let names = try name.map { [$0] } ?? models()
    var hits: [Hit] = try await inParallel(names) { try self.hits($0, query, sort) }.flatMap { $0 }
    if !sort.isEmpty {
      hits = hits.enumerated().sorted {
        Registry.isBefore(($0.offset, $0.element.keys), ($1.offset, $1.element.keys), sort)
      }.map(\.element)
    }
    return try await inParallel(Array(hits.prefix(limit))) { hit in
      let version = try load(hit.name, hit.entry)
      let tags = version.record.lineage.tags.merging(hit.tags) { _, new in new }
      return Found(version: version, aliases: hit.aliases, tags: tags)
    }
  }

  private func hits(_ name: ModelName, _ query: VersionQuery?, _ sort: [SortKey]) throws -> [Hit] {
    let state = try state(name)
    let aliases = Dictionary(
      grouping: state.moves.keys.sorted().flatMap { alias in state.tips(alias).map { (alias, $0.version) } }, by: \.1)
    var wanted: [VersionQuery.Field: Int] = [:]
    for field in (query?.fields ?? []) + sort.map(\.field) where field != ["alias"] && wanted[field] == nil {
      wanted[field] = wanted.count
    }
    var file = FieldsFile(wanted.sorted { $0.value < $1.value }.map(\.key), of: name, in: self)
    let found = try state.live.reversed().compactMap { entry -> Hit? in
      let row = wanted.isEmpty ? [] : try file.rows[entry.artifact.digest] ?? file.add(load(name, entry))
      let named = (aliases[entry.version] ?? []).map(\.0)
      let tags = state.tags[entry.version] ?? [:]
      func values(_ field: VersionQuery.Field) -> [QueryValue] {
        if field == ["alias"] { return named.map { .text($0.description) } }
        if field.first == "tag", let tag = tags[field.dropFirst().joined(separator: ".")] { return [.text(tag)] }
        return wanted[field].map { row[$0] } ?? []
      }
      guard query?.matches(values) ?? true else { return nil }
      return Hit(
        name: name, entry: entry, keys: sort.map { values($0.field).first.map(Registry.sortable) }, aliases: named,
        tags: tags)
    }
    file.save()
    return found
  }

  private static func isBefore(_ one: (Int, [QueryValue?]), _ other: (Int, [QueryValue?]), _ sort: [SortKey]) -> Bool {
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
  private static func sortable(_ value: QueryValue) -> QueryValue {
    if case .version(let version) = value { .text(version.sortText) } else { value }
  }

  static func requireKnown(_ field: VersionQuery.Field, in text: String) throws {
    guard !VersionFields.isKnown(field) else { return }
    throw RegistryError(
      .badName, text, "versions have no field \"\(field.joined(separator: "."))\"",
      hint: "the fields are \(VersionFields.names.joined(separator: ", "))")
  }
}

extension SemanticVersion {
  /// A text whose bytes are in the order of precedence.
  fileprivate var sortText: String {
    func pad(_ number: UInt64) -> String {
      let digits = String(number)
      return String(repeating: "0", count: 20 - digits.utf8.count) + digits
    }
    // A release is after its pre-releases; numbers among their parts are before words, and fewer parts before more.
    let suffix = prerelease.map { part in UInt64(part).map { "0" + pad($0) } ?? "1" + part }.joined(separator: "\u{1}")
    return pad(major) + pad(minor) + pad(patch) + (prerelease.isEmpty ? "~" : "-" + suffix)
  }
}
