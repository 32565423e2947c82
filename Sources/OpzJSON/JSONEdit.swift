/// Edits members in the text of a JSON object, leaving everything else unchanged byte for byte: the file belongs to
/// another program.
public struct JSONEdit {
  public private(set) var bytes: [UInt8]
  private let shape: JSONShape

  private struct Member {
    let key: String
    /// From the quote of the key to the end of the value.
    let range: Range<Int>
    let value: Range<Int>
    let isObject: Bool
    let isNull: Bool
  }

  /// Starts with a text.
  /// - Parameter shape: the known keys; see `JSONShape`.
  /// - Throws: `JSONFailure` when the text is not a JSON object, or is ambiguous.
  public init(_ bytes: [UInt8], _ shape: JSONShape = .anything) throws {
    self.bytes = bytes
    self.shape = shape
    _ = try read([])
  }

  /// Sets a member of an object that is itself a member of the text, adding either if missing.
  /// - Parameters:
  ///   - outer: the key in the text.
  ///   - inner: the key in that object.
  ///   - value: the new value as JSON, with its lines indented for this depth.
  /// - Returns: false, with nothing changed, when the outer member is neither an object nor null.
  /// - Throws: `JSONFailure`.
  public mutating func set(_ outer: String, _ inner: String, to value: String) throws -> Bool {
    let (top, all) = try read([])
    let entry = "\(CanonicalJSON.quoted(inner)): \(value)"
    let object = "{\n\t\t\(entry)\n\t}"
    guard let found = all.first(where: { $0.key == outer }) else {
      insert("\n\t\(CanonicalJSON.quoted(outer)): \(object)", after: all.last, brace: top, "\n")
      return true
    }
    if found.isNull {
      bytes.replaceSubrange(found.value, with: object.utf8)
      return true
    }
    guard found.isObject else { return false }
    let (brace, inside) = try read([outer])
    if let old = inside.first(where: { $0.key == inner }) {
      bytes.replaceSubrange(old.value, with: value.utf8)
    } else {
      insert("\n\t\t\(entry)", after: inside.last, brace: brace, "\n\t")
    }
    return true
  }

  /// Removes the members of an object that is itself a member of the text.
  /// - Returns: how many members were removed.
  /// - Throws: `JSONFailure`.
  public mutating func remove(_ outer: String, where isWanted: (String) -> Bool) throws -> Int {
    var count = 0
    while let found = try read([]).members.first(where: { $0.key == outer }), found.isObject {
      let inside = try read([outer]).members
      guard let index = inside.firstIndex(where: { isWanted($0.key) }) else { break }
      count += 1
      if index + 1 < inside.count {
        bytes.removeSubrange(inside[index].range.lowerBound..<inside[index + 1].range.lowerBound)
      } else if index > 0 {
        bytes.removeSubrange(inside[index - 1].range.upperBound..<inside[index].range.upperBound)
      } else {
        bytes.replaceSubrange(found.value, with: "{}".utf8)
      }
    }
    return count
  }

  /// Inserts a member at the end of an object, in such a way that removing it restores the text.
  private mutating func insert(_ text: String, after last: Member?, brace: Int, _ end: String) {
    if let last {
      bytes.insert(contentsOf: ("," + text).utf8, at: last.range.upperBound)
    } else {
      bytes.insert(contentsOf: (text + end).utf8, at: brace + 1)
    }
  }

  /// The position of the opening brace, and the members, of the object at a path of keys.
  private func read(_ path: [String]) throws -> (brace: Int, members: [Member]) {
    try JSONView.read(bytes, shape) { root in
      var place = root
      for key in path { place = place.member(key) ?? place }
      guard place.isObject else { throw JSONFailure(.mismatch, at: place.range.lowerBound, "expected an object") }
      var members: [Member] = []
      place.forEachMember { key, value in
        members.append(
          Member(
            key: key.string ?? "", range: key.range.lowerBound..<value.range.upperBound, value: value.range,
            isObject: value.isObject, isNull: value.isNull))
      }
      return (place.range.lowerBound, members)
    }
  }
}
