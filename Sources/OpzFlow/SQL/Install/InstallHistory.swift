import OpzIO
import OpzJSON
public import OpzOCI
import OpzRegistry

/// `opz sql history`: which version scored when, in which database, as the registry's events say it.
public struct InstallHistory: Sendable {
  /// Something that happened to a name in a database.
  public struct Line: Sendable, Encodable {
    /// RFC 3339, by the database's clock.
    public let since: String
    /// `installed`, `rolled-back` or `uninstalled`.
    public let action: String
    /// `churn@1.2.0`.
    public let model: String
    public let database: String
    public let name: String
    public let view: String
    /// Who did it.
    public let actor: String
  }

  private let session: Session

  /// Reads the registry of a session.
  public init(in session: Session) { self.session = session }

  /// All that happened, newest first.
  /// - Parameter model: of one model; nil for all.
  /// - Throws: `RegistryError`.
  public func lines(_ model: ModelName? = nil) throws -> [Line] {
    let registry = try session.openRegistry()
    let models = try registry.models().filter { model == nil || $0 == model }
    let lines = try models.flatMap { try registry.log($0).entries().compactMap { InstallHistory.line($0.event) } }
    return lines.sorted { ($0.since, $0.model) > ($1.since, $1.model) }
  }

  /// What each name meant at a moment: several models may have had it.
  /// - Parameter moment: RFC 3339 in UTC, or the beginning of it: `2026-11-30T14:02`.
  public func lines(at moment: String) throws -> [Line] {
    var seen: Set<[String]> = []
    // "Z" is behind all digits: the whole of the minute, second or day counts.
    let end = moment.hasSuffix("Z") ? String(moment.dropLast()) + "Z" : moment + "Z"
    return try lines().filter { $0.since <= end && seen.insert([$0.database, $0.name]).inserted }
      .filter { $0.action != "uninstalled" }
  }

  private static func line(_ event: Event) -> Line? {
    func text(_ name: String) -> String? { event.details[name]?.string }
    guard event.kind == .deployed, text("install") != nil, let since = text("since"), let action = text("action"),
      let database = text("database"), let name = text("name"), let view = text("view")
    else { return nil }
    return Line(
      since: since, action: action, model: "\(event.model)@\(event.version)", database: database, name: name,
      view: view, actor: text("by") ?? event.actor)
  }
}
