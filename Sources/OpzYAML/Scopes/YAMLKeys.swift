/// The keys of one mapping: duplicates are refused, and merge keys (`<<`) resolved.
enum YAMLKeys {
  /// - Throws: `YAMLProblem` for keys that are duplicates to any reader, and for a merge that readers resolve
  ///   differently.
  static func resolve(_ members: inout [YAMLNode.Member], _ rules: YAMLRules) throws(YAMLProblem) -> [YAMLNode.Member] {
    try refuseDuplicates(members)
    guard rules.allowsAliases, let merge = members.firstIndex(where: { $0.isPlain && $0.key == "<<" }) else {
      return members
    }
    let sources = try maps(members[merge])
    let merged = sources.flatMap(\.members)
    var seen = Set(members.map(\.key))
    for member in merged {
      // Go's yaml.v2, which kubectl and Helm use, lets a merge replace the keys before it; all other readers keep
      // them.
      if let own = members[..<merge].first(where: { $0.key == member.key }) {
        throw YAMLProblem(
          own.place,
          "the key \(own.key.prefix(80)) comes before <<, which merges it too: readers differ on which value counts",
          hint: "put << first, or remove one of the two")
      }
    }
    members.remove(at: merge)
    for member in merged where seen.insert(member.key).inserted { members.append(member) }
    return members
  }

  private static func maps(_ member: YAMLNode.Member) throws(YAMLProblem) -> [YAMLNode] {
    let sources = member.value.isMap ? [member.value] : member.value.list
    guard !sources.isEmpty || !member.value.isScalar, sources.allSatisfy(\.isMap) else {
      throw YAMLProblem(member.place, "<< without a mapping to merge", hint: "write <<: *NAME, the alias of a mapping")
    }
    return sources
  }

  private static func refuseDuplicates(_ members: [YAMLNode.Member]) throws(YAMLProblem) {
    guard members.count > 1 else { return }
    // Most mappings are small, where comparing is faster than hashing.
    if members.count <= 8 {
      for index in 1..<members.count {
        for before in 0..<index where name(members[before]) == name(members[index]) {
          throw twice(members[index], members[before])
        }
      }
      return
    }
    var seen: [String: Int] = [:]
    seen.reserveCapacity(members.count)
    for (index, member) in members.enumerated() {
      if let before = seen.updateValue(index, forKey: name(member)) { throw twice(member, members[before]) }
    }
  }

  private static func twice(_ member: YAMLNode.Member, _ before: YAMLNode.Member) -> YAMLProblem {
    let other = before.key == member.key ? "" : " (as \(before.key.prefix(80)))"
    return YAMLProblem(
      member.place,
      "duplicate key \(member.key.prefix(200)), also on line \(before.place.line)\(other): readers differ on which value counts",
      hint: "keep one of the two")
  }

  private static func name(_ member: YAMLNode.Member) -> String {
    member.isPlain ? identity(member.key, isPlain: true) ?? member.key : member.key
  }

  /// What a plain key becomes in JSON where some YAML reader does not read it as text: `true` for `yes`, `8` for
  /// `010`; nil for all others.
  static func identity(_ text: String, isPlain: Bool) -> String? {
    guard isPlain, let first = text.utf8.first else { return isPlain ? "null" : nil }
    switch first {
    case UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "o"),
      UInt8(ascii: "O"), UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"):
      guard text.utf8.count <= 5 else { return nil }
      return YAMLScalar.flag(text).map { $0 ? "true" : "false" } ?? (YAMLScalar.isNull(text) ? "null" : nil)
    case UInt8(ascii: "~"): return text == "~" ? "null" : nil
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      if let number = YAMLScalar.integer(text) { return String(number) }
      return YAMLAmbiguity.of(text) != nil || Double(text) != nil ? text : nil
    default: return nil
    }
  }
}
