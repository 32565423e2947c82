import OpzYAML

/// Kubernetes' strategic merge patch: mappings are merged by member, null removes a member, and lists of named items
/// are merged by item.
///
/// The lists that are merged, and their keys, are those of Kubernetes' API (`x-kubernetes-patch-merge-key`) for the
/// kinds that opz writes; any other list is replaced, and so are all lists of custom resources. `$patch`,
/// `$retainKeys`, `$deleteFromPrimitiveList` and `$setElementOrder` behave as in apimachinery's strategicpatch.
struct StrategicMerge {
  /// Whether the object is of a built-in kind, whose lists are merged by key.
  let isKeyed: Bool
  /// The name that errors use.
  let subject: String

  func merge(_ patch: YAMLValue, into old: YAMLValue) throws -> YAMLValue {
    guard case .map = patch else { throw DeployError(.badPatch, subject, reason: "a merge patch must be a mapping") }
    return try merged(patch, old, path: []) ?? .map([])
  }

  /// Returns nil where the patch deletes the value.
  private func merged(_ patch: YAMLValue, _ old: YAMLValue?, path: [String]) throws -> YAMLValue? {
    switch patch {
    case .null: nil
    case .map(let members): try mapping(members, old, path: path)
    case .list(let items): try list(items, old, path: path)
    default: patch
    }
  }

  // MARK: Mappings

  private func mapping(_ patch: [YAMLValue.Member], _ old: YAMLValue?, path: [String]) throws -> YAMLValue? {
    var base: [YAMLValue.Member] = []
    switch directive(patch) {
    case "delete"?: return nil
    case "replace"?: break
    case nil, "merge"?: base = old?.members ?? []
    case let other?: throw refuse(path, "$patch: \(other.prefix(40)) is not merge, replace or delete")
    }
    var result = base
    for member in patch where !member.key.hasPrefix("$") {
      let place = result.firstIndex { $0.key == member.key }
      let below = path + [member.key]
      let order = patch.first { $0.key == "$setElementOrder/" + member.key }?.value
      // Like apimachinery, `$patch: delete` for a mapping leaves an empty one.
      if directive(member.value.members) == "delete" {
        if let place { result[place] = .init(member.key, .map([])) }
        continue
      }
      guard var value = try merged(member.value, place.map { result[$0].value }, path: below) else {
        if let place { result.remove(at: place) }
        continue
      }
      if let order { value = try ordered(value, order, path: below) }
      if let place {
        // A comment explains the value that opz chose, so it is dropped when the value changes.
        let isSame = result[place].value.isSame(as: value)
        let keepsComment = isSame || !member.value.members.isEmpty
        result[place] = .init(member.key, value, comment: keepsComment ? result[place].comment : nil)
      } else {
        result.append(.init(member.key, value))
      }
    }
    try deletions(patch, &result, path: path)
    return .map(try retained(patch, result, path: path))
  }

  private func directive(_ members: [YAMLValue.Member]) -> String? {
    members.first { $0.key == "$patch" }?.value.text
  }

  private func deletions(_ patch: [YAMLValue.Member], _ result: inout [YAMLValue.Member], path: [String]) throws {
    let prefix = "$deleteFromPrimitiveList/"
    for member in patch where member.key.hasPrefix(prefix) {
      let key = String(member.key.dropFirst(prefix.count))
      guard case .list(let gone) = member.value else { throw refuse(path + [member.key], "must be a list") }
      guard let place = result.firstIndex(where: { $0.key == key }), case .list(let items) = result[place].value else {
        continue
      }
      result[place].value = .list(items.filter { !gone.contains($0) })
    }
  }

  private func retained(
    _ patch: [YAMLValue.Member], _ result: [YAMLValue.Member], path: [String]
  ) throws -> [YAMLValue.Member] {
    guard let keys = patch.first(where: { $0.key == "$retainKeys" })?.value else { return result }
    guard case .list(let items) = keys else { throw refuse(path + ["$retainKeys"], "must be a list") }
    return result.filter { items.contains(.text($0.key)) }
  }

  // MARK: Lists

  private func list(_ patch: [YAMLValue], _ old: YAMLValue?, path: [String]) throws -> YAMLValue {
    let items = patch.filter { item in !isDirective(item, "replace") }
    func new() throws -> YAMLValue { try .list(items.compactMap { try merged($0, nil, path: path) }) }
    guard items.count == patch.count, isKeyed, case .list(let base)? = old else { return try new() }
    if path.last == "finalizers" { return .list(base + items.filter { !base.contains($0) }) }
    guard let key = StrategicMerge.key(path) else { return try new() }
    var result = base
    for item in items {
      guard let name = item[key] else { throw refuse(path, "an item has no \(key), which identifies it") }
      let place = result.firstIndex { $0[key] == name }
      guard let value = try merged(item, place.map { result[$0] }, path: path) else {
        if let place { result.remove(at: place) }
        continue
      }
      if let place { result[place] = value } else { result.append(value) }
    }
    return .list(result)
  }

  private func isDirective(_ item: YAMLValue, _ name: String) -> Bool {
    item.members.count == 1 && directive(item.members) == name
  }

  /// The items in the given order, followed by those that the order does not name.
  private func ordered(_ value: YAMLValue, _ order: YAMLValue, path: [String]) throws -> YAMLValue {
    guard case .list(let items) = value, case .list(let wanted) = order else {
      throw refuse(path, "$setElementOrder must belong to a list")
    }
    let key = StrategicMerge.key(path)
    func matches(_ item: YAMLValue, _ place: YAMLValue) -> Bool {
      guard let key, let name = place[key] else { return item == place }
      return item[key] == name
    }
    let first = wanted.compactMap { place in items.first { matches($0, place) } }
    return .list(first + items.filter { item in !wanted.contains { matches(item, $0) } })
  }

  /// The key by which a list's items are merged; nil for a list that is replaced.
  private static func key(_ path: [String]) -> String? {
    switch path.last {
    case "containers", "initContainers", "ephemeralContainers", "volumes", "env", "imagePullSecrets", "secrets":
      "name"
    case "ports": path.contains("containers") || path.contains("initContainers") ? "containerPort" : "port"
    case "volumeMounts": "mountPath"
    case "volumeDevices": "devicePath"
    case "hostAliases": "ip"
    case "topologySpreadConstraints": "topologyKey"
    case "ownerReferences": "uid"
    // The `ports` below `ingress` and `egress` of a NetworkPolicy are replaced.
    default: nil
    }
  }

  private func refuse(_ path: [String], _ reason: String) -> DeployError {
    DeployError(.badPatch, ([subject] + path).joined(separator: "."), reason: reason)
  }
}
