/// The known keys of a document whose readers look members up by name, so that a key which only some readers find is
/// refused.
///
/// Go's encoding/json, on which container tools are built, takes the last of duplicate keys and ignores case
/// (Unicode's simple folding: U+017F is an `s`, U+212A a `k`) when it fills a struct. So in objects with a shape no
/// key may differ from a known one by case alone, nor two unknown keys from each other. In maps, such as annotations,
/// keys are exact for every reader.
public indirect enum JSONShape: Sendable {
  /// Any value; its inside is not checked.
  case anything
  /// A text that must not be empty: a type that some readers ignore when it is empty and others reject.
  case name
  case list(JSONShape)
  /// An object with arbitrary keys whose values all have one shape.
  case map(JSONShape)
  case object([Member])

  /// A known key of an object, and the shape of its value.
  public struct Member: Sendable {
    let key: StaticString
    let shape: JSONShape

    /// Makes a known key.
    public init(_ key: StaticString, _ shape: JSONShape = .anything) {
      self.key = key
      self.shape = shape
    }
  }

  /// An object with keys whose values are not checked, and others that are.
  public static func object(_ plain: [StaticString], _ others: [Member] = []) -> JSONShape {
    .object(plain.map { Member($0) } + others)
  }

  func check(_ place: JSONView) throws(JSONFailure) {
    switch self {
    case .anything: return
    case .name:
      if place.plainText?.isEmpty == true { throw place.failure(.ambiguous, "an empty string where a type belongs") }
    case .list(let shape):
      if case .anything = shape { return }
      try place.forEachItem { (item) throws(JSONFailure) in try shape.check(item) }
    case .map(let shape):
      if case .anything = shape { return }
      try place.forEachMember { (_, value) throws(JSONFailure) in try shape.check(value) }
    case .object(let members):
      var unknown: [[Unicode.Scalar]] = []
      try place.forEachMember { (key, value) throws(JSONFailure) in
        guard let index = JSONShape.index(of: key, in: members) else {
          return try JSONShape.checkUnknown(key, members, unknown: &unknown)
        }
        switch members[index].shape {
        case .anything: return
        case let shape: try shape.check(value)
        }
      }
    }
  }

  /// Records have some sixty keys, and an audit reads 100,000 of them: nothing is retained, and lengths are compared
  /// first.
  private static func index(of key: JSONView, in members: [Member]) -> Int? {
    members.withUnsafeBufferPointer { members in
      guard let text = key.plainText else { return members.firstIndex { key.isText($0.key) } }
      for index in members.indices where members[index].key.utf8CodeUnitCount == text.count {
        let name = members[index].key.utf8Start
        var offset = 0
        while offset < text.count, name[offset] == text[offset] { offset += 1 }
        if offset == text.count { return index }
      }
      return nil
    }
  }

  private static func checkUnknown(
    _ key: JSONView, _ members: [Member], unknown: inout [[Unicode.Scalar]]
  ) throws(JSONFailure) {
    let text = key.string ?? ""
    let folded = CaseFolding.fold(text)
    for member in members where CaseFolding.fold("\(member.key)") == folded {
      throw key.failure(
        .ambiguous, "the key \"\(text.prefix(100))\" is \"\(member.key)\" for readers that ignore case")
    }
    guard !unknown.contains(folded) else {
      throw key.failure(
        .ambiguous, "duplicate key \"\(text.prefix(100))\" for readers that ignore case")
    }
    unknown.append(folded)
  }
}
