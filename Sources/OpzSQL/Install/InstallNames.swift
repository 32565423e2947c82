public import OpzIO

/// The names of an installed model in a database: the stable one that queries use, a view for each version, and the
/// table that says what was installed when.
public struct InstallNames: Sendable, Hashable {
  /// The table's name without its schema.
  public static let logName = "opz_installs"

  /// Queries use this one; it is what was asked for, with its schema.
  public let stable: TableName
  private let limit: Int

  /// - Parameters:
  ///   - text: the stable name as the user wrote it.
  ///   - schema: where it is if the user named no schema.
  /// - Throws: `SQLError` for what is no name, and one that the database would cut.
  public init(parsing text: String, schema: String, _ dialect: SQLDialect) throws {
    let name = try TableName(parsing: text)
    guard name.parts.count <= 2 else {
      throw SQLError(
        .badOption, "the name \"\(text.prefix(80))\"", reason: "it has more than a schema and a name",
        hint: "connect to the database that the name is to be in")
    }
    limit = dialect.limits.identifier
    for part in name.parts where part.utf8.count > limit {
      throw SQLError(
        .tooLarge, "\"\(part.prefix(80))\"",
        reason: "a name of \(part.utf8.count) bytes, where \(dialect.name) has at most \(limit)")
    }
    stable = name.parts.count == 1 && !schema.isEmpty ? TableName(parts: [schema, name.last]) : name
  }

  /// The schema of all the names; empty where the connection's own is meant.
  public var schema: String { stable.parts.count > 1 ? stable.parts[0] : "" }

  /// Another name in the same schema.
  public func sibling(_ name: String) -> TableName { TableName(parts: stable.parts.dropLast() + [name]) }

  /// The table that says what was installed when.
  public var log: TableName { sibling(InstallNames.logName) }

  /// The view of a version: `churn_score__1_2_0`. Two versions never have one name: what has other characters than a
  /// release, or is too long, has a part of its digest.
  /// - Parameters:
  ///   - version: `1.2.0`; nil for a model that is a file.
  ///   - statement: the digest of what the view computes.
  ///   - isOther: whether the version's usual name is that of a view that computes something else.
  public func view(version: String?, statement: Digest, isOther: Bool = false) -> TableName {
    let short = String(statement.hex.prefix(8))
    guard let version else { return sibling(fitting(short)) }
    let isRelease = version.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (48...57).contains($0) }
    var tail = String(version.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    if !isRelease { tail += "_" + Digest.of(Array(version.utf8)).hex.prefix(8) }
    if isOther { tail += "__" + short }
    return sibling(fitting(tail))
  }

  private func fitting(_ tail: String) -> String {
    let whole = stable.last + "__" + tail
    guard whole.utf8.count > limit else { return whole }
    var head = stable.last
    while head.utf8.count + 18 > limit { head.removeLast() }
    return head + "__" + Digest.of(Array(whole.utf8)).hex.prefix(16)
  }
}
