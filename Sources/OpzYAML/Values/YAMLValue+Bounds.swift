extension YAMLValue {
  /// Whether lists and mappings in each other are at most so many.
  public func depth(atMost levels: Int) -> Bool {
    var waiting: [(value: YAMLValue, level: Int)] = [(self, 0)]
    while let (value, level) = waiting.popLast() {
      guard level <= levels else { return false }
      switch value {
      case .list(let items): for item in items { waiting.append((item, level + 1)) }
      case .map(let members): for member in members { waiting.append((member.value, level + 1)) }
      default: continue
      }
    }
    return true
  }

  /// Whether the values in it, itself too, are fewer.
  public func size(below limit: Int) -> Bool {
    var (waiting, count) = ([self], 0)
    while let value = waiting.popLast() {
      count += 1
      switch value {
      case .list(let items): waiting += items
      case .map(let members): waiting += members.map(\.value)
      default: continue
      }
      guard count + waiting.count < limit else { return false }
    }
    return true
  }
}
