import OpzJSON

/// A run's tool and its extensions: the rules and notifications that they define, with default levels (SARIF 2.1.0,
/// 3.18 and 3.19).
struct SARIFTool {
  /// A rule, or a kind of notification (3.49).
  struct Descriptor {
    let id: String?
    let guid: String?
    let level: SARIFLevel?

    init(_ value: JSONValue) {
      guard case .object(let members) = value else {
        (id, guid, level) = (nil, nil, nil)
        return
      }
      id = if case .string(let id)? = members["id"] { id } else { nil }
      guid = if case .string(let guid)? = members["guid"] { guid.lowercased() } else { nil }
      if case .object(let defaults)? = members["defaultConfiguration"] {
        level = SARIFLevel(defaults["level"])
      } else {
        level = nil
      }
    }
  }

  /// The tool's driver, or an extension.
  struct Component {
    let name: String
    let guid: String?
    let rules: [Descriptor]
    let notifications: [Descriptor]

    init?(_ value: JSONValue?) {
      guard case .object(let members)? = value, case .string(let name)? = members["name"], !name.isEmpty else {
        return nil
      }
      self.name = name
      guid = if case .string(let guid)? = members["guid"] { guid.lowercased() } else { nil }
      rules = Component.list(members["rules"])
      notifications = Component.list(members["notifications"])
    }

    private static func list(_ value: JSONValue?) -> [Descriptor] {
      if case .array(let items)? = value { items.map(Descriptor.init) } else { [] }
    }
  }

  /// One of a component's two lists of descriptors.
  enum List {
    case rules, notifications
  }

  /// Where a descriptor is: component 0 is the driver, the others are extensions.
  struct Place: Hashable {
    let component: Int
    let index: Int
  }

  let driver: Component
  /// The driver first.
  private let components: [Component]
  /// Rules of policies, which set levels for rules with the same id (3.14.30).
  private let policies: [Descriptor]

  init?(_ tool: JSONValue?, policies: JSONValue?) {
    guard case .object(let members)? = tool, let driver = Component(members["driver"]) else { return nil }
    var components = [driver]
    if case .array(let items)? = members["extensions"] {
      for item in items {
        guard let component = Component(item) else { return nil }
        components.append(component)
      }
    }
    self.driver = driver
    self.components = components
    if case .array(let items)? = policies {
      self.policies = items.compactMap { Component($0) }.flatMap(\.rules)
    } else {
      self.policies = []
    }
  }

  func descriptor(_ place: Place, _ list: List) -> Descriptor { descriptors(place.component, list)[place.index] }

  private func descriptors(_ component: Int, _ list: List) -> [Descriptor] {
    list == .rules ? components[component].rules : components[component].notifications
  }

  /// The worst level that policies set for a rule.
  func policyLevel(of id: String?) -> SARIFLevel? {
    guard let id else { return nil }
    return policies.filter { $0.id.map { SARIFTool.names($0, id) } == true }.compactMap(\.level).max()
  }

  /// The descriptors that a reference names (3.52): several if they share an id, none if the tool does not describe it.
  /// - Parameters:
  ///   - reference: a `reportingDescriptorReference`.
  ///   - id: the result's own `ruleId`, which means the same as `reference.id`; `index` likewise.
  /// - Throws: if the parts of the reference disagree.
  func find(
    _ reference: [String: JSONValue], _ list: List, id outerID: JSONValue? = nil, index outerIndex: JSONValue? = nil
  ) throws(SARIFContradiction) -> (places: [Place], id: String?) {
    let inner = try JSONValue.sarifText(reference["id"], "id")
    let outer = try JSONValue.sarifText(outerID, "ruleId")
    if let inner, let outer, inner != outer { throw SARIFContradiction("it names two rules, \(outer) and \(inner)") }
    let id = outer ?? inner
    let guid = try JSONValue.sarifText(reference["guid"], "guid")?.lowercased()
    let component = try component(reference["toolComponent"])
    let known = descriptors(component ?? 0, list)
    let first = try JSONValue.sarifIndex(outerIndex, of: known.count, "ruleIndex")
    let second = try JSONValue.sarifIndex(reference["index"], of: known.count, "index")
    if let first, let second, first != second { throw SARIFContradiction("it has two indexes, \(first) and \(second)") }
    if let index = first ?? second {
      let found = known[index]
      if let id, let other = found.id, !SARIFTool.names(other, id) {
        throw SARIFContradiction("its rule is \(id), but its index is that of \(other)")
      }
      if let guid, found.guid != guid { throw SARIFContradiction("its guid is not that of the rule with its index") }
      return ([Place(component: component ?? 0, index: index)], id ?? found.id)
    }
    let all = component.map { [$0] } ?? Array(components.indices)
    if let guid {
      let places = places(all, list) { $0.guid == guid }
      guard !places.isEmpty else { throw SARIFContradiction("no rule has the guid \(guid.prefix(80))") }
      let other = places.lazy.compactMap { descriptor($0, list).id }.first
      if let id, let other, !SARIFTool.names(other, id) {
        throw SARIFContradiction("its rule is \(id), but its guid is that of \(other)")
      }
      return (places, id ?? other)
    }
    guard let id else { return ([], nil) }
    return (named(id, all, list: list), id)
  }

  /// The descriptors with the longest matching id: `ID/part` belongs to the rule `ID` too (3.27.5).
  private func named(_ id: String, _ all: [Int], list: List) -> [Place] {
    let found = places(all, list) { $0.id.map { SARIFTool.names($0, id) } == true }
    let longest = found.compactMap { descriptor($0, list).id?.utf8.count }.max()
    return found.filter { descriptor($0, list).id?.utf8.count == longest }
  }

  private func places(_ all: [Int], _ list: List, where matches: (Descriptor) -> Bool) -> [Place] {
    all.flatMap { component in
      descriptors(component, list).enumerated().filter { matches($0.element) }.map {
        Place(component: component, index: $0.offset)
      }
    }
  }

  private static func names(_ rule: String, _ id: String) -> Bool { rule == id || id.hasPrefix(rule + "/") }

  /// The component that a `toolComponentReference` names (3.54); nil if there is none.
  private func component(_ value: JSONValue?) throws(SARIFContradiction) -> Int? {
    guard let value, value != .null else { return nil }
    guard case .object(let members) = value else { throw SARIFContradiction("its toolComponent is not an object") }
    var found: Int?
    if let index = try JSONValue.sarifIndex(members["index"], of: components.count - 1, "toolComponent") {
      found = index + 1
    }
    if let guid = try JSONValue.sarifText(members["guid"], "toolComponent's guid")?.lowercased() {
      guard let place = components.firstIndex(where: { $0.guid == guid }), found == nil || found == place else {
        throw SARIFContradiction("its toolComponent is not part of the run")
      }
      found = place
    }
    if let name = try JSONValue.sarifText(members["name"], "toolComponent's name") {
      let place = found ?? components.firstIndex { $0.name == name }
      guard let place, components[place].name == name else {
        throw SARIFContradiction("its toolComponent is not part of the run")
      }
      found = place
    }
    return found
  }
}
