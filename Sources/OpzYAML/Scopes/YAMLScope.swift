import OpzIO

/// One mapping of a document, read key by key. Keys that are not in `keys` are reported as unknown.
public struct YAMLScope {
  /// The dotted path, `deploy.replicas`; empty for the document itself.
  public let path: String
  public let line: Int
  private let members: [String: (line: Int, value: YAMLNode)]
  let problems: KeyProblems
  /// False when text or a list is in place of the mapping: then that is reported instead of missing keys.
  private let isMapping: Bool

  /// - Parameters:
  ///   - node: the mapping; nil or `null` when it is omitted.
  ///   - path: its dotted path.
  ///   - keys: the known keys.
  ///   - problems: receives what is wrong.
  ///   - isOpen: whether the keys are the user's own and were read with `dictionary`; unknown keys are then accepted.
  public init(_ node: YAMLNode?, path: String, keys: [String], _ problems: KeyProblems, isOpen: Bool = false) {
    self.path = path
    self.problems = problems
    line = node?.line ?? 1
    var found: [String: (line: Int, value: YAMLNode)] = [:]
    var isMapping = true
    switch node?.value {
    case nil, .null: break
    case .map(let pairs):
      for pair in pairs {
        let full = path.isEmpty ? pair.key : "\(path).\(pair.key)"
        guard isOpen || keys.contains(pair.key) else {
          let hint = problems.isFull ? nil : problems.hint(pair.key, path, keys)
          problems.add(full, line: pair.place.line, "unknown key", hint: hint)
          continue
        }
        problems.locations.lines[full] = pair.place.line
        found[pair.key] = (pair.place.line, pair.value)
      }
    default:
      isMapping = false
      if isOpen { break }
      let short = problems.shorthandPaths.contains(path) ? node?.written : nil
      problems.add(
        path, line: line, "\(node?.kind ?? "") where a mapping with \(keys.joined(separator: ", ")) belongs",
        hint: short.map { "write \(path): {\(keys[0]): \($0)}" })
    }
    members = found
    self.isMapping = isMapping
  }

  func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// The value of a key, including null; nil when it is missing.
  public func node(_ key: String) -> YAMLNode? { members[key]?.value }

  /// Whether the key has a value. `key:` with nothing after it is treated as missing.
  public func has(_ key: String) -> Bool { members[key].map { !$0.value.isNull } ?? false }

  /// Reports a problem with a key, on its line or, if it is missing, on the mapping's.
  public func fail(_ key: String, _ reason: String, hint: String? = nil) {
    problems.add(full(key), line: members[key]?.line ?? line, reason, hint: hint)
  }

  /// Like `fail`, for the element at `index` of a list.
  public func fail(_ key: String, at index: Int, _ reason: String, hint: String? = nil) {
    let name = "\(full(key)).\(index)"
    problems.add(name, line: problems.locations.lines[name] ?? members[key]?.line ?? line, reason, hint: hint)
  }

  /// The text of a key; nil when it is missing. From the command line, where quoting is inconvenient, numbers and
  /// truth values are accepted as text. Other values are reported.
  public func text(_ key: String) -> String? {
    guard let member = members[key], !member.value.isNull else { return nil }
    if case .text(let text) = member.value.value { return text }
    if member.value.line == 0, let written = member.value.written { return written }
    fail(key, "\(member.value.kind) where text belongs", hint: member.value.written.map { "write \(key): \"\($0)\"" })
    return nil
  }

  /// Like `text`, but a missing key is reported.
  public func required(_ key: String, hint: String? = nil) -> String? {
    require(key, hint: hint)
    return text(key)
  }

  /// Reports a key that is missing.
  public func require(_ key: String, hint: String?) {
    if !has(key), isMapping { fail(key, "missing", hint: hint) }
  }

  /// The whole number of a key; nil when it is missing. Other values, and numbers out of range, are reported.
  public func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let member = members[key], !member.value.isNull else { return nil }
    guard case .integer(let number) = member.value.value else {
      if case .number(let text) = member.value.value, text.utf8.allSatisfy({ $0 != 46 && $0 != 69 && $0 != 101 }) {
        fail(key, "\(text) is not from \(range.lowerBound) to \(range.upperBound)")
        return nil
      }
      let isNumber = member.value.written.flatMap { Int($0) } != nil
      fail(
        key, "\(member.value.kind) where a whole number belongs",
        hint: isNumber ? "remove the quotes and leading zeros" : nil)
      return nil
    }
    guard range.contains(number) else {
      fail(key, "\(number) is not from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// The texts of a list with their indexes; empty when the key is missing. Other values are reported.
  /// - Parameters:
  ///   - key: the key of the list.
  ///   - numbers: whether numbers are accepted too, as text in their original spelling.
  ///   - hint: what to write when the value is not a list.
  public func texts(_ key: String, numbers: Bool = false, hint: String? = nil) -> [(index: Int, text: String)] {
    guard let member = members[key], !member.value.isNull else { return [] }
    guard case .list(let items) = member.value.value else {
      let example = member.value.written.map { "[\($0)]" } ?? "[..]"
      fail(key, "\(member.value.kind) where a list belongs", hint: hint ?? "write \(key): \(example)")
      return []
    }
    return items.enumerated().compactMap { index, item in
      problems.locations.lines["\(full(key)).\(index)"] = item.line
      switch item.value {
      case .text(let text): return (index, text)
      case .number where numbers, .integer where numbers: return (index, item.written ?? "")
      default:
        fail(
          key, at: index, "\(item.kind) where text belongs",
          hint: item.isNull ? nil : item.written.map { "write \"\($0)\"" })
        return nil
      }
    }
  }

  /// A mapping from the user's own names to texts; empty when the key is missing. Null becomes an empty text; other
  /// values are reported.
  public func dictionary(_ key: String) -> [String: String] {
    guard let member = members[key], !member.value.isNull else { return [:] }
    guard case .map(let pairs) = member.value.value else {
      fail(key, "\(member.value.kind) where a mapping of names to text belongs")
      return [:]
    }
    var result: [String: String] = [:]
    for pair in pairs {
      let name = "\(full(key)).\(pair.key)"
      problems.locations.lines[name] = pair.place.line
      switch pair.value.value {
      case .text(let text): result[pair.key] = text
      case .null: result[pair.key] = ""
      default:
        if pair.place.line == 0, let written = pair.value.written {
          result[pair.key] = written
        } else {
          problems.add(
            name, line: pair.place.line, "\(pair.value.kind) where text belongs",
            hint: pair.value.written.map { "write \(pair.key): \"\($0)\"" })
        }
      }
    }
    return result
  }
  /// The number of a key; nil when it is missing. Other values, NaN, and numbers out of range are reported.
  public func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
    guard has(key), let node = node(key) else { return nil }
    switch node.value {
    case .integer, .number:
      guard let number = node.written.flatMap(Double.init), range.contains(number) else { break }
      return number
    default:
      fail(key, "\(node.kind) where a number belongs")
      return nil
    }
    fail(key, "\(node.written?.prefix(40) ?? "") is not from \(range.lowerBound) to \(range.upperBound)")
    return nil
  }

  /// The enumeration case that the text of a key names; nil when it is missing. Unknown names are reported.
  public func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, of: Choice.Type = Choice.self) -> Choice?
  where Choice.RawValue == String {
    guard let text = text(key) else { return nil }
    if let choice = Choice(rawValue: text) { return choice }
    let known = Choice.allCases.map(\.rawValue)
    fail(
      key, "\"\(text.prefix(80))\" is not a \(key) that opz knows",
      hint: NearestName.find(text, in: known).map { "did you mean \($0)?" }
        ?? "write one of \(known.joined(separator: ", "))")
    return nil
  }

  /// The mapping of a key; one without members when the key is missing.
  /// - Parameters:
  ///   - keys: the known keys.
  ///   - isOpen: as in the initializer.
  public func mapping(_ key: String, keys: [String], isOpen: Bool = false) -> YAMLScope {
    YAMLScope(node(key), path: full(key), keys: keys, problems, isOpen: isOpen)
  }

  /// The mappings of a list, each read with the same keys; empty when the key is missing. Other values are reported.
  /// - Parameter hint: what to write when the value is not a list.
  public func scopes(_ key: String, keys: [String], hint: String? = nil) -> [YAMLScope] {
    guard has(key), let node = node(key) else { return [] }
    guard case .list(let items) = node.value else {
      fail(key, "\(node.kind) where a list belongs", hint: hint)
      return []
    }
    return items.enumerated().map { YAMLScope($1, path: "\(full(key)).\($0)", keys: keys, problems) }
  }

  /// The truth value of a key, `true` or `false`; nil when it is missing. Other values are reported.
  public func flag(_ key: String) -> Bool? {
    guard has(key), let node = node(key) else { return nil }
    if case .flag(let text) = node.value { return text.lowercased() == "true" }
    fail(key, "\(node.kind) where true or false belongs")
    return nil
  }
}
