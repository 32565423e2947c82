/// What a bearer token allows: `repository:team/model:pull,push` (distribution, "Token Scope Documentation").
struct Scope: Hashable, Sendable, CustomStringConvertible {
  let type: String
  let name: String
  let actions: Set<String>

  static func pull(_ repository: String) -> Scope { Scope(type: "repository", name: repository, actions: ["pull"]) }
  static func push(_ repository: String) -> Scope {
    Scope(type: "repository", name: repository, actions: ["pull", "push"])
  }

  var description: String { "\(type):\(name):\(actions.sorted().joined(separator: ","))" }

  /// Parses the scopes of a challenge; skips invalid ones.
  static func parse(_ text: String) -> [Scope] {
    text.split(separator: " ").prefix(16).compactMap { item in
      guard let first = item.firstIndex(of: ":"), let last = item.lastIndex(of: ":"), first < last else { return nil }
      let actions = item[item.index(after: last)...].split(separator: ",").map(String.init)
      let name = item[item.index(after: first)..<last]
      return Scope(type: String(item[..<first]), name: String(name), actions: Set(actions))
    }
  }

  /// Merges the scopes to one per name with all its actions, sorted.
  static func union(_ scopes: some Sequence<Scope>) -> [Scope] {
    var actions: [[String]: Set<String>] = [:]
    for scope in scopes { actions[[scope.type, scope.name], default: []].formUnion(scope.actions) }
    return actions.map { Scope(type: $0.key[0], name: $0.key[1], actions: $0.value) }
      .sorted { $0.description < $1.description }
  }

  private init(type: String, name: String, actions: Set<String>) {
    self.type = type
    self.name = name
    self.actions = actions
  }
}
