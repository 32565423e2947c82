/// The unpickler's memo: values by number.
struct PickleMemo {
  /// A key of the memo. In a text pickle it is a line, read as Python's unpicklers read it.
  enum Key: Hashable {
    case number(UInt64)
    /// A number over 64 bits, or a line that is not a number. Equal lines are the same key.
    case line([UInt8])

    /// C's unpickler ends the line at a NUL; Python's refuses such a line.
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

  /// A memo on top of this one: what is added to it does not affect this one, and nothing is copied.
  func layered() -> PickleMemo { PickleMemo(over: self) }

  /// The number of values.
  var count: Int { added + (below?.memo.count ?? 0) }

  subscript(key: Key) -> PickleValue? { values[key] ?? below?.memo[key] }

  mutating func put(_ value: PickleValue, at key: Key) {
    if values.updateValue(value, forKey: key) == nil, below?.memo[key] == nil { added += 1 }
  }

  /// Stores a value under the next number, as MEMOIZE does.
  mutating func put(_ value: PickleValue) { put(value, at: .number(UInt64(count))) }
}
