public import OpzIO
public import OpzOCI

/// A name in the local registry: `NAME`, `NAME@VERSION`, `NAME@ALIAS` or `NAME@sha256:..`.
public struct LocalReference: Sendable, Hashable, CustomStringConvertible {
  /// Which version of the model is meant.
  public enum Selector: Sendable, Hashable {
    /// The newest version.
    case newest
    case version(SemanticVersion)
    case alias(AliasName)
    /// An image's digest.
    case digest(Digest)
  }

  public let name: ModelName
  public let selector: Selector

  /// Creates a reference, which need not exist.
  public init(_ name: ModelName, _ selector: Selector) {
    self.name = name
    self.selector = selector
  }

  /// Reads a reference.
  /// - Throws: `RegistryError.badName` for any other text.
  public init(parsing text: String) throws {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    if let meant = LocalReference.meant(by: text) {
      throw RegistryError(
        .badName, text, reason: "a version of the registry is written with @", hint: "write \(meant)")
    }
    let name = try ModelName(parts[0])
    guard parts.count == 2 else {
      self.init(name, .newest)
      return
    }
    if let digest = Digest(parts[1]) {
      self.init(name, .digest(digest))
    } else if let version = SemanticVersion(parts[1]) {
      self.init(name, .version(version))
    } else if let alias = AliasName(parts[1]) {
      self.init(name, .alias(alias))
    } else if let version = SemanticVersion(near: parts[1]) {
      throw RegistryError(
        .badName, text, reason: "a version has three numbers and no prefix", hint: "write \(name)@\(version)")
    } else {
      throw RegistryError(
        .badName, text, reason: "\"\(parts[1])\" is neither a version, an alias nor a digest",
        hint: "write \(name)@1.2.0; opz show \(name) lists its versions")
    }
  }

  /// The reference that `churn:1.0.0`, as container tools write it, or `churn==1.0.0`, as pip does, was meant to be;
  /// nil for other texts.
  private static func meant(by text: String) -> String? {
    for mark in ["==", ":"] {
      guard !text.contains("@"), let place = text.ranges(of: mark).last,
        let name = try? ModelName(String(text[..<place.lowerBound]))
      else { continue }
      let rest = String(text[place.upperBound...])
      if rest == "latest" || rest.isEmpty { return "\(name)" }
      if let reference = try? LocalReference(parsing: "\(name)@\(rest)") { return "\(reference)" }
    }
    return nil
  }

  public var description: String {
    switch selector {
    case .newest: "\(name)"
    case .version(let version): "\(name)@\(version)"
    case .alias(let alias): "\(name)@\(alias)"
    case .digest(let digest): "\(name)@\(digest)"
    }
  }
}
