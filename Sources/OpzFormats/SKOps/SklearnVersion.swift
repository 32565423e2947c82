/// The version of scikit-learn that fitted an estimator (`_sklearn_version`).
struct SklearnVersion: Comparable, CustomStringConvertible {
  let major: Int
  let minor: Int

  /// What the reader was compared with: all from 1.1 to 1.9.
  static let tried = SklearnVersion(1, 1)...SklearnVersion(1, 9)

  init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Reads `1.5.2` or `1.10.dev0`; nil for other texts.
  init?(_ text: String) {
    let parts = text.split(separator: ".").prefix(2).map { Int($0) }
    guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return nil }
    self.init(major, minor)
  }

  var description: String { "\(major).\(minor)" }

  static func < (one: SklearnVersion, other: SklearnVersion) -> Bool {
    (one.major, one.minor) < (other.major, other.minor)
  }
}
