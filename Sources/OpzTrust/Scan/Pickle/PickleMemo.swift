/// The unpickler's memo: what it keeps by number.
struct PickleMemo {
  /// What stands in a line of a text pickle for a number, as the unpicklers of Python take it.
  enum Key: Hashable {
    case number(UInt64)
    /// A number of more than 64 bits, or a line that is none: whoever takes it for a place finds there what was put there.
    case line([UInt8])

    /// C's unpickler ends a line at a NUL; Python's refuses it.
    init(line: [UInt8]) {
      let text = line.prefix { $0 != 0 }
      guard let number = PythonNumber(text, base: 10) else {
        self = .line(line)
        return
      }
      if let value = number.value, value >= 0 {
        self = .number(UInt64(value))
      } else {
        self = .line((number.isNegative ? [UInt8(ascii: "-")] : []) + number.digits)
      }
    }
  }

  private var values: [Key: PickleValue] = [:]
  private let below: Below?
  private var added = 0

  private final class Below {
    let memo: PickleMemo
    init(_ memo: PickleMemo) { self.memo = memo }
  }

  init() { below = nil }

  private init(over memo: PickleMemo) { below = Below(memo) }

  /// The same, for another reading: what that puts in is not in this one, and nothing is copied.
  func overlaid() -> PickleMemo { PickleMemo(over: self) }

  /// How many places are in use.
  var count: Int { added + (below?.memo.count ?? 0) }

  subscript(key: Key) -> PickleValue? { values[key] ?? below?.memo[key] }

  mutating func put(_ value: PickleValue, at key: Key) {
    if values.updateValue(value, forKey: key) == nil, below?.memo[key] == nil { added += 1 }
  }

  /// What MEMOIZE does: the next place.
  mutating func put(_ value: PickleValue) { put(value, at: .number(UInt64(count))) }
}
