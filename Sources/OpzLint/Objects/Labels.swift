import OpzYAML

/// Formats labels for messages.
enum Labels {
  static func text(_ node: YAMLNode) -> String {
    let shown = node.members.prefix(4).map { "\($0.key.prefix(63))=\(($0.value.text ?? "").prefix(63))" }
    return shown.joined(separator: ", ") + (node.members.count > 4 ? ", .." : "")
  }
}
