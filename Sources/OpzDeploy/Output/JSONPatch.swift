public import OpzJSON
import OpzOCI
public import OpzYAML

/// A sequence of JSON Patch operations (RFC 6902), which are applied all or not at all.
public struct JSONPatch: Sendable {
  private struct Operation: Sendable {
    let name: String
    let path: JSONPointer
    let from: JSONPointer?
    let value: YAMLValue?
    let subject: String
  }

  private let operations: [Operation]

  /// Parses operations.
  /// - Parameter subject: what errors name, such as `deploy.patches.0.json`.
  /// - Throws: `DeployError` with the code `badPatch` for an invalid operation.
  public init(_ operations: [JSONValue], subject: String) throws {
    self.operations = try operations.enumerated().map { try JSONPatch.operation($1, "\(subject).\($0)") }
  }

  private static func operation(_ json: JSONValue, _ subject: String) throws -> Operation {
    guard case .object(let members) = json, case .string(let name)? = members["op"],
      case .string(let path)? = members["path"]
    else {
      throw DeployError(
        .badPatch, subject, reason: "an operation needs op and path", hint: "write {op: replace, path: /a/b, value: 1}")
    }
    func pointer(_ text: String) throws -> JSONPointer {
      guard let pointer = JSONPointer(text) else {
        throw DeployError(
          .badPatch, subject, reason: "\"\(text.prefix(80))\" is not a JSON pointer",
          hint: "start it with /, and write ~1 for a / in a key: /metadata/annotations/a~1b")
      }
      return pointer
    }
    var from: JSONPointer?
    switch name {
    case "add", "replace", "test":
      guard members["value"] != nil else { throw DeployError(.badPatch, subject, reason: "\(name) has no value") }
    case "move", "copy":
      guard case .string(let text)? = members["from"] else {
        throw DeployError(.badPatch, subject, reason: "\(name) has no from")
      }
      from = try pointer(text)
    case "remove": break
    default:
      throw DeployError(
        .badPatch, subject, reason: "\"\(name.prefix(40))\" is not an operation",
        hint: "use add, remove, replace, move, copy or test")
    }
    return Operation(
      name: name, path: try pointer(path), from: from, value: members["value"].map { YAMLValue($0) }, subject: subject)
  }

  /// Applies the operations.
  /// - Returns: the changed document.
  /// - Throws: `DeployError` with the code `badPatch` that names the operation whose path does not exist or whose
  ///   test fails.
  public func apply(to document: YAMLValue) throws -> YAMLValue {
    var document = document
    for operation in operations { document = try JSONPatch.apply(operation, to: document) }
    return document
  }

  private static func apply(_ operation: Operation, to document: YAMLValue) throws -> YAMLValue {
    let path = operation.path
    func missing(_ pointer: JSONPointer) -> DeployError {
      DeployError(.badPatch, operation.subject, reason: "nothing exists at \(pointer.description.prefix(200))")
    }
    func put(_ value: YAMLValue, in document: YAMLValue) throws -> YAMLValue {
      try bound(value, operation)
      guard let result = document.setting(value, at: path.parts[...], adds: true) else { throw missing(path) }
      return result
    }
    func taken(_ pointer: JSONPointer) throws -> YAMLValue {
      guard let result = document.removing(at: pointer.parts[...]) else { throw missing(pointer) }
      return result
    }
    switch operation.name {
    case "add": return try put(operation.value ?? .null, in: document)
    case "remove": return try taken(path)
    case "replace":
      try bound(operation.value ?? .null, operation)
      guard path.value(in: document) != nil,
        let result = document.setting(operation.value ?? .null, at: path.parts[...], adds: false)
      else { throw missing(path) }
      return result
    case "test":
      guard let found = path.value(in: document) else { throw missing(path) }
      guard found.isSame(as: operation.value ?? .null) else {
        throw DeployError(.badPatch, operation.subject, reason: "the value at \(path) is different")
      }
      return document
    default:
      let from = operation.from ?? path
      guard let value = from.value(in: document) else { throw missing(from) }
      if operation.name == "copy" {
        let copied = try put(value, in: document)
        guard copied.hasFewerValues(than: maximumNodes) else {
          throw DeployError(
            .badPatch, operation.subject, reason: "the document would have more than \(maximumNodes) values")
        }
        return copied
      }
      guard from == path || !path.parts.starts(with: from.parts) else {
        throw DeployError(.badPatch, operation.subject, reason: "\(from) cannot be moved into itself")
      }
      return try put(value, in: taken(from))
    }
  }

  /// Repeated copies can double a document with each operation.
  private static let maximumNodes = 100_000
  private static let maximumDepth = 200

  /// Limits the nesting, because everything that walks a document is recursive.
  private static func bound(_ value: YAMLValue, _ operation: Operation) throws {
    guard operation.path.parts.count <= maximumDepth, value.isNested(atMost: maximumDepth - operation.path.parts.count)
    else {
      throw DeployError(
        .badPatch, operation.subject, reason: "the document would be nested deeper than \(maximumDepth) levels")
    }
  }

  /// Returns the operations that turn one document into another, as a document. A list of another length is replaced
  /// as a whole.
  static func between(_ old: YAMLValue, _ new: YAMLValue) -> [YAMLValue] {
    var found: [YAMLValue] = []
    compare(old, new, place: JSONPointer([]), found: &found)
    return found
  }

  private static func compare(_ old: YAMLValue, _ new: YAMLValue, place: JSONPointer, found: inout [YAMLValue]) {
    func add(_ name: String, _ place: JSONPointer, value: YAMLValue?) {
      found.append(
        .map(
          .init("op", .text(name)), .init("path", .text(place.description)), value.map { .init("value", $0) }))
    }
    switch (old, new) {
    case _ where old.isSame(as: new): break
    case (.map(let before), .map(let after)):
      for member in before where new[member.key] == nil { add("remove", place.appending(member.key), value: nil) }
      for member in after {
        if let value = old[member.key] {
          compare(value, member.value, place: place.appending(member.key), found: &found)
        } else {
          add("add", place.appending(member.key), value: member.value)
        }
      }
    case (.list(let before), .list(let after)) where before.count == after.count:
      for (index, pair) in zip(before, after).enumerated() {
        compare(pair.0, pair.1, place: place.appending(String(index)), found: &found)
      }
    default: add("replace", place, value: new)
    }
  }
}

extension YAMLValue {
  /// Returns nil where the path does not exist.
  fileprivate func setting(_ value: YAMLValue, at path: ArraySlice<String>, adds: Bool) -> YAMLValue? {
    guard let part = path.first else { return value }
    let rest = path.dropFirst()
    switch self {
    case .map(var members):
      if let index = members.firstIndex(where: { $0.key == part }) {
        guard let below = members[index].value.setting(value, at: rest, adds: adds) else { return nil }
        members[index] = Member(part, below, comment: rest.isEmpty ? nil : members[index].comment)
      } else {
        guard rest.isEmpty, adds else { return nil }
        members.append(Member(part, value))
      }
      return .map(members)
    case .list(var items):
      if part == "-", rest.isEmpty, adds { return .list(items + [value]) }
      guard let index = JSONPointer.index(part), index <= items.count else { return nil }
      if rest.isEmpty, adds {
        items.insert(value, at: index)
        return .list(items)
      }
      guard index < items.count, let below = items[index].setting(value, at: rest, adds: adds) else { return nil }
      items[index] = below
      return .list(items)
    default: return nil
    }
  }

  fileprivate func removing(at path: ArraySlice<String>) -> YAMLValue? {
    guard let part = path.first else { return .null }
    let rest = path.dropFirst()
    switch self {
    case .map(var members):
      guard let index = members.firstIndex(where: { $0.key == part }) else { return nil }
      if rest.isEmpty {
        members.remove(at: index)
        return .map(members)
      }
      guard let below = members[index].value.removing(at: rest) else { return nil }
      members[index].value = below
      return .map(members)
    case .list(var items):
      guard let index = JSONPointer.index(part), items.indices.contains(index) else { return nil }
      if rest.isEmpty {
        items.remove(at: index)
        return .list(items)
      }
      guard let below = items[index].removing(at: rest) else { return nil }
      items[index] = below
      return .list(items)
    default: return nil
    }
  }
}
