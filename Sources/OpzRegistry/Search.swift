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
    let fields: VersionFields
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
    let found = try await inParallel(names) { name in
      let state = try state(name)
      return try state.live.reversed().compactMap { entry -> Found? in
        let version = try load(name, entry)
        let fields = VersionFields(version, state)
        guard query?.matches(fields.values) ?? true else { return nil }
        return Found(version: version, aliases: fields.aliases, tags: fields.tags, fields: fields)
      }
    }.flatMap { $0 }
    guard !sort.isEmpty else { return Array(found.prefix(limit)) }
    let keyed = found.enumerated().map { ($0.offset, $0.element, sort.map($0.element.fields.key)) }
    return keyed.sorted { Registry.isBefore($0, $1, sort) }.prefix(limit).map(\.1)
  }

  private static func isBefore(
    _ one: (Int, Found, [QueryValue?]), _ other: (Int, Found, [QueryValue?]), _ sort: [SortKey]
  ) -> Bool {
    for (index, key) in sort.enumerated() {
      switch (one.2[index], other.2[index]) {
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

  static func requireKnown(_ field: VersionQuery.Field, in text: String) throws {
    guard !VersionFields.isKnown(field) else { return }
    throw RegistryError(
      .badName, text, "versions have no field \"\(field.joined(separator: "."))\"",
      hint: "the fields are \(VersionFields.names.joined(separator: ", "))")
  }
}

extension VersionFields {
  fileprivate func key(_ key: Registry.SortKey) -> QueryValue? {
    values(key.field).first.map { value in
      // Two versions compare by precedence.
      if case .version(let version) = value { .text(version.sortText) } else { value }
    }
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
