import OpzDebian

/// What a program of R says of the packages that it needs.
enum RSource {
  private static let calls = ["library", "require", "requireNamespace", "loadNamespace"]

  /// The names in `library(NAME)` and the like, and in `NAME::function`, sorted. Comments do not count.
  static func packages(_ source: String) -> [String] {
    var found: Set<String> = []
    for line in source.split(whereSeparator: \.isNewline) {
      let code = line.prefix { $0 != "#" }
      let words = code.split { !($0.isLetter || $0.isNumber || ".:_(\"'".contains($0)) }
      for word in words {
        if let colons = word.range(of: "::") {
          found.insert(String(word[..<colons.lowerBound].suffix { isOfName($0) }))
        }
        for call in calls where word.hasPrefix("\(call)(") {
          found.insert(String(word.dropFirst(call.count + 1).drop { $0 == "\"" || $0 == "'" }.prefix { isOfName($0) }))
        }
      }
    }
    return found.filter { PackageName.isR($0) }.sorted()
  }

  private static func isOfName(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "."
  }
}

extension Substring {
  fileprivate func suffix(_ test: (Character) -> Bool) -> Substring {
    self[(lastIndex { !test($0) }.map { index(after: $0) } ?? startIndex)...]
  }

  fileprivate func range(of mark: String) -> Range<Index>? {
    var place = startIndex
    while place < endIndex {
      if self[place...].hasPrefix(mark) { return place..<index(place, offsetBy: mark.count) }
      place = index(after: place)
    }
    return nil
  }
}
