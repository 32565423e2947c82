import OpzDeploy
import OpzJSON
import OpzOCI

/// The parts of a cluster's object that opz looks at before it changes the object.
public struct ClusterObject: Sendable {
  /// An owner of `spec.replicas`, from `metadata.managedFields`.
  struct Owner: Sendable, Hashable {
    let manager: String
    /// `scale` for an autoscaler.
    let subresource: String?
  }

  let identity: ManifestDocument.Identity
  /// The model that the object belongs to, from its annotation.
  let model: String?
  let labels: [String: String]
  let replicas: Int?
  let replicaOwners: [Owner]

  /// Whether opz created the object.
  var isManaged: Bool { labels["app.kubernetes.io/managed-by"] == "opz" }

  /// Parses the output of `kubectl get -o json`: nothing, one object, or a List.
  static func read(_ bytes: [UInt8]) throws -> [ClusterObject] {
    guard bytes.contains(where: { $0 > 32 }) else { return [] }
    let value = try CanonicalJSON.decode(JSONValue.self, from: bytes, subject: "kubectl get")
    guard case .array(let items)? = value["items"] else { return [ClusterObject(value)].compactMap { $0 } }
    return items.compactMap(ClusterObject.init)
  }

  private init?(_ value: JSONValue) {
    guard let kind = value["kind"]?.text, let version = value["apiVersion"]?.text, let metadata = value["metadata"],
      let name = metadata["name"]?.text
    else { return nil }
    identity = ManifestDocument.Identity(
      group: version.contains("/") ? String(version.prefix { $0 != "/" }) : "", kind: kind,
      namespace: metadata["namespace"]?.text, name: name)
    model = metadata["annotations"]?["opz.dev/model"]?.text.map { String($0.prefix { $0 != "@" }) }
    labels = (metadata["labels"]?.members ?? [:]).compactMapValues(\.text)
    replicas = value["spec"]?["replicas"]?.number
    var owners: [Owner] = []
    for entry in metadata["managedFields"]?.items ?? []
    where entry["fieldsV1"]?["f:spec"]?["f:replicas"] != nil {
      owners.append(
        Owner(manager: entry["manager"]?.text ?? "", subresource: entry["subresource"]?.text))
    }
    replicaOwners = owners
  }
}

extension JSONValue {
  fileprivate subscript(_ key: String) -> JSONValue? {
    if case .object(let members) = self { members[key] } else { nil }
  }
  fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
  fileprivate var number: Int? { if case .integer(let number) = self { Int(exactly: number) } else { nil } }
  fileprivate var items: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
  fileprivate var members: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
}
