/// A wheel's METADATA, as texts (PyPA, core metadata).
public struct WheelMetadata: Hashable, Sendable {
  /// As the project spells it: `Flask`.
  public let name: String
  public let version: String
  /// A version specifier: `>=3.9`.
  public let requiresPython: String?
  /// Dependency specifiers, in order: `numpy>=1.24; extra == "x"`.
  public let requiresDist: [String]
  /// Names of extras, in order.
  public let providesExtra: [String]

  /// - Throws: `PythonError` if required fields are missing or do not match the wheel's name.
  init(_ text: String, of wheel: WheelName) throws {
    let subject = "wheel \(wheel): METADATA"
    let fields = MetadataFields(text)
    name = try fields.required("Name", of: subject)
    version = try fields.required("Version", of: subject)
    guard WheelName.isDistribution(name), WheelName.normalized(name) == wheel.normalizedDistribution else {
      throw PythonError(.malformed, subject, "its name is \"\(name.prefix(100))\"")
    }
    guard VersionText.key(version) == VersionText.key(wheel.version) else {
      throw PythonError(.malformed, subject, "its version is \"\(version.prefix(100))\"")
    }
    requiresPython = try fields.one("Requires-Python", of: subject)
    requiresDist = fields.all("Requires-Dist")
    providesExtra = fields.all("Provides-Extra")
  }
}
