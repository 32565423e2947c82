/// One line of an ignore file, with git's semantics (gitignore(5)).
struct IgnorePattern: Sendable {
  /// `!`: a match is included again.
  let isNegated: Bool
  /// A trailing slash: only directories match.
  let isForDirectories: Bool
  /// The original line.
  let line: String
  /// The line's number in its file, from 1.
  let number: Int

  /// Nil if the pattern has no slash inside and is matched against the name alone.
  private let path: [Segment]?
  private let name: IgnoreSegment

  private enum Segment: Sendable {
    /// `**` between slashes: any number of directories.
    case anyDirectories
    case one(IgnoreSegment)
  }

  /// - Returns: nil for an empty line or a comment.
  init?(_ raw: some Collection<UInt8>, number: Int) {
    var text = IgnorePattern.trimmed(Array(raw))
    line = String(decoding: text, as: UTF8.self)
    self.number = number
    guard let first = text.first, first != UInt8(ascii: "#") else { return nil }
    isNegated = first == UInt8(ascii: "!")
    if isNegated { text.removeFirst() }
    isForDirectories = text.last == UInt8(ascii: "/")
    if isForDirectories { text.removeLast() }
    guard !text.isEmpty else { return nil }
    guard text.contains(UInt8(ascii: "/")) else {
      path = nil
      name = IgnoreSegment(text)
      return
    }
    if text.first == UInt8(ascii: "/") { text.removeFirst() }
    name = IgnoreSegment([])
    path = IgnorePattern.split(text).map { $0 == [42, 42] ? .anyDirectories : .one(IgnoreSegment($0)) }
  }

  /// Removes a carriage return and trailing spaces, unless escaped by a backslash.
  private static func trimmed(_ raw: [UInt8]) -> [UInt8] {
    var text = raw
    if text.last == 13 { text.removeLast() }
    var end = 0
    var index = 0
    while index < text.count {
      if text[index] == UInt8(ascii: "\\") {
        index += 2
        end = min(index, text.count)
        continue
      }
      index += 1
      if text[index - 1] != UInt8(ascii: " ") { end = index }
    }
    return Array(text[..<end])
  }

  /// Splits at slashes, except inside brackets.
  private static func split(_ text: [UInt8]) -> [[UInt8]] {
    var parts: [[UInt8]] = [[]]
    var index = 0
    while index < text.count {
      let end = IgnoreSegment.endOfToken(text, index)
      // An escaped slash is a plain slash.
      if text[index] == UInt8(ascii: "/") || text[index..<end].elementsEqual([92, 47]) {
        parts.append([])
      } else {
        parts[parts.count - 1] += text[index..<end]
      }
      index = end
    }
    return parts
  }

  /// - Parameter components: the names from the ignore file's directory down to the entry.
  func matches(_ components: ArraySlice<[UInt8]>, isDirectory: Bool) -> Bool {
    guard isDirectory || !isForDirectories, let last = components.last else { return false }
    guard let path else { return name.matches(last) }
    return matches(path[...], components)
  }

  /// Matches segments against names. A mismatch goes back to the last `**` and extends it by one name, so the work is
  /// bounded by the product of both counts.
  private func matches(_ segments: ArraySlice<Segment>, _ names: ArraySlice<[UInt8]>) -> Bool {
    var (segment, name) = (segments.startIndex, names.startIndex)
    var retry: (segment: Int, name: Int)?
    while name < names.endIndex || segment < segments.endIndex {
      if segment < segments.endIndex {
        switch segments[segment] {
        case .anyDirectories:
          // At the end it matches at least one name: `a/**` matches what is in a, but not a itself.
          if segment + 1 == segments.endIndex { return name < names.endIndex }
          retry = (segment + 1, name)
          segment += 1
          continue
        case .one(let pattern):
          if name < names.endIndex, pattern.matches(names[name]) {
            segment += 1
            name += 1
            continue
          }
        }
      }
      guard let again = retry, again.name < names.endIndex else { return false }
      retry = (again.segment, again.name + 1)
      (segment, name) = (again.segment, again.name + 1)
    }
    return true
  }
}
