import OpzIO
public import OpzRegistry

/// Where a version's current settings come from: its packaging, or a later event.
public struct SettingsSource: Sendable {
  /// RFC 3339.
  public let at: String
  /// The event `configured`; nil if the settings are those of the record.
  public let event: EventLog.Name?

  /// Finds where the current settings of a version come from.
  ///
  /// - Parameter state: the state of the version's model.
  public init(_ version: Registry.Version, in state: ModelState) {
    let found = state.configuration(of: version)
    at = found?.at ?? version.record.created
    event = found?.event
  }
}

extension SettingsSource: CustomStringConvertible {
  /// `settings of opz.yaml packaged at 2026-05-03T14:02:11Z (event 12)`
  public var description: String {
    "settings of opz.yaml packaged at \(at.prefix(19))Z" + (event.map { " (event \($0.number))" } ?? "")
  }
}
