/// Where a version of a model stands among the others: semantic versions by their rules (semver.org, 11), which are above
/// whole numbers by their value, which are above all other texts by their bytes.
package struct VersionOrder: Comparable, Sendable {
  private enum Kind: Sendable {
    case text
    case number(Digits)
    case semantic([Digits], prerelease: [Identifier])
  }

  private let kind: Kind
  private let text: String

  package init(_ text: String) {
    self.text = text
    if let number = Digits(text) {
      kind = .number(number)
    } else if let (numbers, prerelease) = VersionOrder.semantic(text) {
      kind = .semantic(numbers, prerelease: prerelease)
    } else {
      kind = .text
    }
  }

  private static func semantic(_ text: String) -> ([Digits], [Identifier])? {
    // Metadata of the build says nothing about the order.
    let whole = text.prefix { $0 != "+" }
    let core = whole.prefix { $0 != "-" }
    let numbers = core.split(separator: ".", omittingEmptySubsequences: false).map { Digits($0) }
    guard numbers.count == 3, !numbers.contains(nil) else { return nil }
    let rest = whole.dropFirst(core.count)
    guard !rest.isEmpty else { return (numbers.compactMap { $0 }, []) }
    let identifiers = rest.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
    guard !identifiers.contains("") else { return nil }
    return (numbers.compactMap { $0 }, identifiers.map { Identifier($0) })
  }

  private var rank: Int {
    switch kind {
    case .text: 0
    case .number: 1
    case .semantic: 2
    }
  }

  package static func < (one: VersionOrder, other: VersionOrder) -> Bool {
    switch (one.kind, other.kind) {
    case (.number(let left), .number(let right)) where left != right: return left < right
    case (.semantic(let left, let before), .semantic(let right, let after)):
      if left != right { return left.lexicographicallyPrecedes(right) }
      // A release is above all that came before it.
      if before.isEmpty != after.isEmpty { return !before.isEmpty }
      if before != after { return before.lexicographicallyPrecedes(after) }
    default: if one.rank != other.rank { return one.rank < other.rank }
    }
    // Texts that mean the same, such as 1 and 01, are told apart all the same.
    return one.text.utf8.lexicographicallyPrecedes(other.text.utf8)
  }

  package static func == (one: VersionOrder, other: VersionOrder) -> Bool {
    one.text.utf8.elementsEqual(other.text.utf8)
  }
}

extension VersionOrder {
  /// A whole number of any length.
  private struct Digits: Comparable, Sendable {
    private let digits: [UInt8]

    init?(_ text: some StringProtocol) {
      guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      digits = Array(text.utf8.drop { $0 == 0x30 })
    }

    static func < (one: Digits, other: Digits) -> Bool {
      one.digits.count == other.digits.count
        ? one.digits.lexicographicallyPrecedes(other.digits) : one.digits.count < other.digits.count
    }
  }

  /// A part of a prerelease: numbers are below texts.
  private struct Identifier: Comparable, Sendable {
    private let number: Digits?
    private let text: [UInt8]

    init(_ text: some StringProtocol) {
      number = Digits(text)
      self.text = number == nil ? Array(text.utf8) : []
    }

    static func < (one: Identifier, other: Identifier) -> Bool {
      switch (one.number, other.number) {
      case (let left?, let right?): left < right
      case (_?, nil): true
      case (nil, _?): false
      case (nil, nil): one.text.lexicographicallyPrecedes(other.text)
      }
    }
  }
}
