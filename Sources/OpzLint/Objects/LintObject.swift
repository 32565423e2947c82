public import OpzYAML

/// A Kubernetes object as it is written in a manifest.
public struct LintObject: Sendable {
  /// The name of the file that contains the object.
  public let file: String
  /// The object as it is written.
  public let root: YAMLNode
  public let apiVersion: String
  public let kind: String
  /// The namespace; `default` where the object has none.
  public let namespace: String
  /// `metadata.name`, otherwise `generateName`; may be empty.
  public let name: String

  /// Nil for a document that is not an object, such as Helm values, a patch or a workflow.
  init?(_ root: YAMLNode, file: String) {
    guard let apiVersion = root["apiVersion"]?.text, let kind = root["kind"]?.text, apiVersion.utf8.count <= 300 else {
      return nil
    }
    self.file = file
    self.root = root
    self.apiVersion = apiVersion
    self.kind = kind
    namespace = root["metadata", "namespace"]?.text ?? "default"
    name = root["metadata", "name"]?.text ?? root["metadata", "generateName"]?.text ?? ""
  }

  /// The API group, such as `apps` in `apps/v1`; empty for the core group.
  public var group: Substring {
    guard let slash = apiVersion.firstIndex(of: "/") else { return "" }
    return apiVersion[..<slash]
  }

  /// The kind, namespace and name, such as `Deployment crm/churn`.
  public var title: String { "\(kind.prefix(80)) \(namespace.prefix(80))/\(name.prefix(253))" }

  public var annotations: [String: String] { root["metadata", "annotations"]?.strings ?? [:] }
  public var labels: [String: String] { root["metadata", "labels"]?.strings ?? [:] }

  /// The source location of the object's first member.
  public var place: Place { root.members.first?.place ?? root.place }

  func isOf(_ group: Substring, _ kind: String) -> Bool { self.kind == kind && self.group == group }

  /// The objects in a document: itself, or the items of a List.
  static func all(in root: YAMLNode, file: String, depth: Int = 0) -> [LintObject] {
    guard let object = LintObject(root, file: file) else { return [] }
    guard object.kind.hasSuffix("List"), case .list(let items)? = root["items"]?.content, depth < 3 else {
      return [object]
    }
    return items.flatMap { all(in: $0, file: file, depth: depth + 1) }
  }
}
