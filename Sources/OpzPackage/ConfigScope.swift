import OpzOCI

/// Collects what is wrong with a document while it is read.
final class ConfigProblems {
  private(set) var all: [ConfigError.Problem] = []
  var places: ConfigPlaces

  init(file: String) { places = ConfigPlaces(file: file) }

  func add(_ key: String, _ line: Int, _ reason: String, hint: String? = nil) {
    let place = line == 0 ? "--set" : "\(places.file):\(line)"
    all.append(ConfigError.Problem(place: place, key: key, reason: reason, hint: hint))
  }
}

/// One mapping of opz.yaml, read key by key. What is not asked for in `keys` is an unknown key.
struct ConfigScope {
  let path: String
  let line: Int
  private let members: [String: (line: Int, value: ConfigNode)]
  private let problems: ConfigProblems

  /// - Parameter node: nil or `null` for a part that is left out.
  init(_ node: ConfigNode?, path: String, keys: [String], _ problems: ConfigProblems) {
    self.path = path
    self.problems = problems
    line = node?.line ?? 1
    var found: [String: (line: Int, value: ConfigNode)] = [:]
    switch node?.value {
    case nil, .null: break
    case .map(let pairs):
      for pair in pairs {
        let full = path.isEmpty ? pair.key : "\(path).\(pair.key)"
        guard keys.contains(pair.key) else {
          let near = NearestName.find(pair.key, in: keys).map { "did you mean \($0)?" }
          problems.add(
            full, pair.line, "unknown key",
            hint: near ?? "\(path.isEmpty ? "opz.yaml" : path) has \(keys.joined(separator: ", "))")
          continue
        }
        problems.places.lines[full] = pair.line
        found[pair.key] = (pair.line, pair.value)
      }
    default:
      problems.add(path, line, "\(node?.kind ?? "") where a mapping with \(keys.joined(separator: ", ")) belongs")
    }
    members = found
  }

  private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  func node(_ key: String) -> ConfigNode? { members[key]?.value }

  func has(_ key: String) -> Bool {
    guard let member = members[key] else { return false }
    if case .null = member.value.value { return false }
    return true
  }

  func fail(_ key: String, _ reason: String, hint: String? = nil) {
    problems.add(full(key), members[key]?.line ?? line, reason, hint: hint)
  }

  /// Text; a number or a flag is taken as it is written only where `scalars` says so.
  func text(_ key: String) -> String? {
    guard let member = members[key] else { return nil }
    switch member.value.value {
    case .text(let text): return text
    case .null: return nil
    case .number, .integer, .bool:
      fail(key, "\(member.value.kind) where text belongs", hint: "put it in quotes")
    default: fail(key, "\(member.value.kind) where text belongs")
    }
    return nil
  }

  func required(_ key: String) -> String? {
    if !has(key) { problems.add(full(key), line, "missing") }
    return text(key)
  }

  func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let member = members[key] else { return nil }
    guard case .integer(let number) = member.value.value else {
      if case .null = member.value.value { return nil }
      fail(key, "\(member.value.kind) where a whole number belongs")
      return nil
    }
    guard range.contains(number) else {
      fail(key, "\(number) is not from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// A list of texts.
  func texts(_ key: String, hintForText: String? = nil) -> [String] {
    guard let member = members[key] else { return [] }
    guard case .list(let items) = member.value.value else {
      if case .null = member.value.value { return [] }
      fail(key, "\(member.value.kind) where a list belongs", hint: hintForText ?? "write \(key): [..]")
      return []
    }
    return items.enumerated().compactMap { index, item in
      problems.places.lines["\(full(key)).\(index)"] = item.line
      switch item.value {
      case .text(let text): return text
      case .integer(let number): return String(number)
      case .number(let text): return text
      default:
        problems.add("\(full(key)).\(index)", item.line, "\(item.kind) where text belongs")
        return nil
      }
    }
  }

  /// Names to texts.
  func dictionary(_ key: String) -> [String: String] {
    guard let member = members[key] else { return [:] }
    guard case .map(let pairs) = member.value.value else {
      if case .null = member.value.value { return [:] }
      fail(key, "\(member.value.kind) where a mapping belongs")
      return [:]
    }
    var result: [String: String] = [:]
    for pair in pairs {
      problems.places.lines["\(full(key)).\(pair.key)"] = pair.line
      switch pair.value.value {
      case .text(let text): result[pair.key] = text
      case .null: result[pair.key] = ""
      default:
        problems.add(
          "\(full(key)).\(pair.key)", pair.line, "\(pair.value.kind) where text belongs", hint: "put it in quotes")
      }
    }
    return result
  }

  /// A path below the project.
  func path(_ key: String, _ text: String, at index: Int? = nil) -> String? {
    let name = index.map { "\(full(key)).\($0)" } ?? full(key)
    let line = problems.places.lines[name] ?? members[key]?.line ?? line
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if text.isEmpty {
      problems.add(name, line, "an empty path")
    } else if text.hasPrefix("/") {
      problems.add(name, line, "\(text) is absolute", hint: "paths in opz.yaml start at its own directory")
    } else if parts.contains("..") {
      problems.add(
        name, line, "\(text) leads out of the project", hint: "put opz.yaml in a directory above, or copy the file")
    } else if text.utf8.contains(0) {
      problems.add(name, line, "a NUL character in a path")
    } else {
      return text
    }
    return nil
  }

  func paths(_ key: String) -> [String] {
    texts(key).enumerated().compactMap { path(key, $1, at: $0) }
  }
}
