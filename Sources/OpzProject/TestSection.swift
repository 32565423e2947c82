import OpzYAML

/// The section `test` of opz.yaml: when `opz test` passes. It is a setting and not part of the image.
public struct TestSection: Codable, Sendable, Hashable {
  /// How much a number may differ: |a - b| <= absolute + relative * |b|. Labels, texts and counts may not differ.
  public struct Tolerance: Codable, Sendable, Hashable {
    public var absolute: Double?
    public var relative: Double?

    /// Creates a tolerance; nil is 0.
    public init(absolute: Double? = nil, relative: Double? = nil) {
      self.absolute = absolute
      self.relative = relative
    }

    /// Whether a number is as good as the expected one. NaN equals NaN.
    public func accepts(_ found: Double, for expected: Double) -> Bool {
      if found.isNaN || expected.isNaN { return found.isNaN && expected.isNaN }
      if found == expected { return true }
      guard found.isFinite, expected.isFinite else { return false }
      return abs(found - expected) <= (absolute ?? 0) + (relative ?? 0) * abs(expected)
    }
  }

  /// Nil is opz's own: a difference of the order of rounding.
  public var tolerance: Tolerance?
  /// Seconds that the server may take until it is ready; nil is 120.
  public var wait: Int?

  /// The section's keys.
  public static let keys = ["tolerance", "wait"]
  /// The keys of `test.tolerance`.
  static let toleranceKeys = ["absolute", "relative"]

  /// Creates a section; nil is opz's own value.
  public init(tolerance: Tolerance? = nil, wait: Int? = nil) {
    self.tolerance = tolerance
    self.wait = wait
  }

  /// Reads the section of a document; nil if it has none. Problems are reported to the document's `KeyProblems`.
  static func read(_ top: YAMLScope) -> TestSection? {
    guard top.has("test") else { return nil }
    let scope = top.mapping("test", keys: keys)
    var section = TestSection(wait: scope.integer("wait", in: 1...86_400))
    if scope.has("tolerance") {
      let part = scope.mapping("tolerance", keys: toleranceKeys)
      section.tolerance = Tolerance(
        absolute: part.number("absolute", in: 0...1e300), relative: part.number("relative", in: 0...1))
    }
    return section
  }
}
