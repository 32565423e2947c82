import OpzJSON

/// A contract as settings files have it: a list of columns, each with its rules as `{"is": .., "then": .., "from": ..}`.
extension Contract {
  init(reading columns: [SettingsMembers], at place: String) throws {
    guard columns.count <= Contract.mostColumns else {
      throw SettingsProblem(place: place, reason: "more than \(Contract.mostColumns) columns")
    }
    self.columns = try columns.map { try $0.column() }
    var names: Set<String> = []
    if let twice = self.columns.first(where: { !names.insert($0.name).inserted }) {
      throw SettingsProblem(place: place, reason: "'\(twice.name)' is there twice")
    }
  }

  var value: JSONValue { .array(columns.map(\.value)) }
}

extension SettingsMembers {
  fileprivate func column() throws -> Contract.Column {
    try only(["name", "type", "min", "max", "categories", "missing"])
    var column = Contract.Column(try needed("name"))
    column.kind = try rule("type") { members in
      let known = Contract.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      guard let kind = Contract.Kind(rawValue: try members.needed("is")) else {
        throw members.wrong("is", "it is not one of \(known)")
      }
      return kind
    }
    column.least = try rule("min") { try $0.neededNumber("is") }
    column.most = try rule("max") { try $0.neededNumber("is") }
    if let least = column.least, let most = column.most, least.value > most.value {
      throw wrong("min", "it is more than 'max'")
    }
    column.categories = try rule("categories") { members in
      guard let texts = try members.texts("is"), !texts.isEmpty, texts.count <= Contract.mostCategories else {
        throw members.wrong("is", "expected a list of 1 to \(Contract.mostCategories) texts")
      }
      return texts
    }
    column.missing = try rule("missing") { members in
      guard let flag = members.members["is"]?.bool else { throw members.wrong("is", "expected true or false") }
      return flag
    }
    return column
  }

  private func neededNumber(_ key: String) throws -> Double {
    guard let number = try number(key) else { throw wrong(key, "it is missing") }
    return number
  }

  private func rule<Value>(
    _ key: String, _ read: (SettingsMembers) throws -> Value
  ) throws -> Contract.Rule<Value>? {
    guard let members = try object(key) else { return nil }
    try members.only(["is", "then", "from"])
    let action: Contract.Action = try members.choice("then") ?? .reject
    let source: Contract.Source = try members.choice("from") ?? .written
    return Contract.Rule(try read(members), action, from: source)
  }
}

extension Contract.Column {
  fileprivate var value: JSONValue {
    var members: [String: JSONValue] = ["name": .string(name)]
    members["type"] = kind?.json { .string($0.rawValue) }
    members["min"] = least?.json { .number($0) }
    members["max"] = most?.json { .number($0) }
    members["categories"] = categories?.json { .array($0.map(JSONValue.string)) }
    members["missing"] = missing?.json { .bool($0) }
    return .object(members)
  }
}

extension Contract.Rule {
  /// What has its default is left out.
  fileprivate func json(_ written: (Value) -> JSONValue) -> JSONValue {
    var members = ["is": written(value)]
    if action != .reject { members["then"] = .string(action.rawValue) }
    if source != .written { members["from"] = .string(source.rawValue) }
    return .object(members)
  }
}
