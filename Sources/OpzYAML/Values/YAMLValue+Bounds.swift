extension YAMLValue {
  /// Whether lists and mappings are nested at most `levels` deep.
  public func isNested(atMost levels: Int) -> Bool {
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

  /// Whether there are fewer than `limit` values, counting this one and everything in it.
  public func hasFewerValues(than limit: Int) -> Bool {
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
