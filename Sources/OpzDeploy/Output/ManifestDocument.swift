/// One object of a `ManifestStream`.
public struct ManifestDocument: Sendable, Hashable {
  /// Identifies an object of a cluster. The API version is not part of it.
  public struct Identity: Sendable, Hashable {
    /// The API group, such as `apps`; empty for the core group.
    public let group: String
    public let kind: String
    /// Nil where the object has no namespace.
    public var namespace: String?
    public let name: String

    /// Creates an identity.
    /// - Parameter group: the API group without the version; empty for the core group.
    public init(group: String, kind: String, namespace: String?, name: String) {
      self.group = group
      self.kind = kind
      self.namespace = namespace
      self.name = name
    }
  }

  /// The API version, such as `apps/v1`; empty where the document has none.
  public let apiVersion: String
  public let identity: Identity
  /// The YAML text without `---`, ending in a newline.
  public let text: String

  init(_ lines: [Substring]) {
    func value(after prefix: String, in lines: ArraySlice<Substring>) -> String? {
      lines.first { $0.hasPrefix(prefix) }.map { ManifestDocument.plain($0.dropFirst(prefix.utf8.count)) }
    }
    let metadata = ManifestDocument.block("metadata:", lines)
    let kind = value(after: "kind: ", in: lines[...]) ?? "?"
    apiVersion = value(after: "apiVersion: ", in: lines[...]) ?? ""
    identity = Identity(
      group: apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : "", kind: kind,
      namespace: kind == "Namespace" ? nil : value(after: "  namespace: ", in: metadata),
      name: value(after: "  name: ", in: metadata) ?? "?")
    text = lines.joined(separator: "\n") + "\n"
  }

  /// The kind, namespace and name: `Deployment scoring/churn`.
  public var name: String {
    "\(identity.kind) \(identity.namespace.map { $0 + "/" } ?? "")\(identity.name)"
  }

  /// The kind, such as `Deployment`.
  public var kind: String { identity.kind }

  /// A document that names the object and contains nothing else.
  public var head: String { head("") }

  /// A document that names a Deployment and sets its replicas, and contains nothing else.
  public func head(replicas: Int) -> String { head("spec:\n  replicas: \(replicas)\n") }

  /// The replicas of a Deployment; nil for other kinds, and where they are left to an autoscaler.
  public var replicas: Int? { kind == "Deployment" ? number("replicas") : nil }

  /// The document without its replicas.
  public var withoutReplicas: ManifestDocument {
    guard replicas != nil else { return self }
    return ManifestDocument(lines.filter { !$0.hasPrefix("  replicas: ") })
  }

  /// The integer value of a key in `spec`.
  public func number(_ key: String) -> Int? {
    ManifestDocument.block("spec:", lines).first { $0.hasPrefix("  \(key): ") }.flatMap {
      Int($0.dropFirst(key.utf8.count + 4).prefix { $0 != " " })
    }
  }

  /// The name of the object that an autoscaler scales; nil for other kinds.
  public var scales: String? {
    guard autoscaler != nil else { return nil }
    let target = lines.drop { $0 != "  scaleTargetRef:" }.dropFirst().prefix { $0.hasPrefix("    ") }
    return target.first { $0.hasPrefix("    name: ") }.map { ManifestDocument.plain($0.dropFirst(10)) }
  }

  /// The value of a label of the object itself.
  public func label(_ key: String) -> String? {
    let metadata = ManifestDocument.block("metadata:", lines)
    let labels = metadata.drop { $0 != "  labels:" }.dropFirst().prefix { $0.hasPrefix("    ") }
    return labels.first { $0.hasPrefix("    \(key): ") }.map {
      ManifestDocument.plain($0.dropFirst(key.utf8.count + 6))
    }
  }

  /// The kind that a CustomResourceDefinition defines; nil for other kinds.
  public var definedKind: String? {
    guard kind == "CustomResourceDefinition" else { return nil }
    return lines.first { $0.hasPrefix("    kind: ") }.map { ManifestDocument.plain($0.dropFirst(10)) }
  }

  /// The range of replicas of an autoscaler; nil for other kinds.
  public var replicaRange: (minimum: Int, maximum: Int)? {
    guard let autoscaler, let minimum = number(autoscaler.minimumKey), let maximum = number(autoscaler.maximumKey)
    else { return nil }
    return (minimum, maximum)
  }

  private var autoscaler: DeploymentAutoscaler? { DeploymentAutoscaler.all.first { $0.kind == kind } }

  private var lines: [Substring] { text.split(separator: "\n") }

  private func head(_ more: String) -> String {
    let place = identity.namespace.map { "  namespace: \"\($0)\"\n" } ?? ""
    return "---\napiVersion: \(apiVersion)\nkind: \(kind)\nmetadata:\n  name: \"\(identity.name)\"\n\(place)\(more)"
  }

  private static func block(_ key: String, _ lines: [Substring]) -> ArraySlice<Substring> {
    let start = lines.firstIndex { $0 == key }.map { $0 + 1 } ?? lines.endIndex
    return lines[start...].prefix { $0.hasPrefix(" ") }
  }

  /// A scalar without its quotes; names contain no escapes.
  private static func plain(_ text: Substring) -> String {
    text.count >= 2 && text.first == "\"" && text.last == "\"" ? String(text.dropFirst().dropLast()) : String(text)
  }
}
