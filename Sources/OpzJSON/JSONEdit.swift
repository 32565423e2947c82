/// The text of a JSON object in which members are set and taken away, while all else stays byte for byte: the file is another program's.
public struct JSONEdit {
  public private(set) var bytes: [UInt8]
  private let shape: JSONShape

  private struct Member {
    let key: String
    /// From the quote of its key to the end of its value.
    let range: Range<Int>
    let value: Range<Int>
    let isObject: Bool
    let isNull: Bool
  }

  /// - Parameter shape: what its keys are compared with; see `JSONShape`.
  /// - Throws: `JSONFailure` where the text is no JSON object, or one that two readers take differently.
  public init(_ bytes: [UInt8], _ shape: JSONShape = .anything) throws {
    self.bytes = bytes
    self.shape = shape
    _ = try read([])
  }

  /// Sets a member of a member of the text.
  /// - Parameter value: JSON, of lines that are indented for this depth.
  /// - Returns: false, with nothing changed, where the outer one is something else than an object.
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

  /// Takes the members of a member away whose keys are wanted, and says how many there were.
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

  /// At the end of an object, so that taking it away gives the text that was there.
  private mutating func insert(_ text: String, after last: Member?, brace: Int, _ end: String) {
    if let last {
      bytes.insert(contentsOf: ("," + text).utf8, at: last.range.upperBound)
    } else {
      bytes.insert(contentsOf: (text + end).utf8, at: brace + 1)
    }
  }

  /// The brace and the members of the object that a path of keys leads to.
  private func read(_ path: [String]) throws -> (brace: Int, members: [Member]) {
    try JSONPlace.read(bytes, shape) { root in
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
