/// An array that joblib wrote into a pickle's stream, as its wrapper describes it (joblib's numpy_pickle.py).
struct JoblibArray {
  /// Bytes; of objects unknown.
  let size: UInt64
  /// The elements are a pickle of their own.
  let holdsObjects: Bool
  /// A byte that says how many more to pass over comes first.
  let isAligned: Bool

  /// - Parameter fields: the wrapper's state. Nil where it does not say how large the array is, in the way that joblib says it.
  init?(_ fields: PickleFields) {
    guard fields.isState, case .object(let dtype)? = fields.members["dtype"],
      case .tuple(let shape)? = fields.members["shape"], let element = Element(dtype)
    else { return nil }
    var bytes = element.size
    for dimension in shape {
      guard case .number(let length) = dimension, let length = UInt64(exactly: length) else { return nil }
      let (product, overflow) = bytes.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      bytes = product
    }
    switch fields.members["numpy_array_alignment_bytes"] {
    case .number?: isAligned = true
    case nil, PickleValue.none?: isAligned = false
    default: return nil
    }
    size = bytes
    holdsObjects = element.isObject
  }

  /// What a dtype says that was pickled by NumPy: its code, then a state (NumPy's `arraydescr_setstate`).
  private struct Element {
    let size: UInt64
    let isObject: Bool

    init?(_ dtype: PickleObject) {
      guard dtype.maker == .dtype, let text = dtype.text, dtype.states.count <= 1 else { return nil }
      let code = Array(text.utf8)
      guard let kind = code.first, code.count > 1, code.dropFirst().allSatisfy({ (48...57).contains($0) }),
        let width = UInt64(String(decoding: code.dropFirst(), as: UTF8.self)), width < 1 << 32
      else { return nil }
      let size = kind == UInt8(ascii: "U") ? width * 4 : width
      let isObject = kind == UInt8(ascii: "O")
      guard Array("biufcmMSUVO".utf8).contains(kind) else { return nil }
      if let state = dtype.states.first {
        guard let state, let holds = Element.holdsObjects(state, kind, size) else { return nil }
        // Only a structure can have objects besides an array of them.
        guard holds == isObject || (holds && kind == UInt8(ascii: "V")) else { return nil }
        self.isObject = holds
      } else {
        self.isObject = isObject
      }
      self.size = size
    }

    /// Nil for a state that is not one of NumPy's own, or that changes the size.
    private static func holdsObjects(_ state: [PickleValue], _ kind: UInt8, _ size: UInt64) -> Bool? {
      guard state.count == 8 || state.count == 9, case .number(3...4) = state[0], case .text = state[1],
        case .none = state[2], case .number(let stated) = state[5], case .number = state[6],
        case .number(let flags) = state[7]
      else { return nil }
      var isStructure = false
      switch (state[3], state[4]) {
      case (.none, .none): break
      default: isStructure = true
      }
      let isExtended = Array("SUV".utf8).contains(kind)
      guard isExtended ? UInt64(exactly: stated) == size : stated == -1, !isStructure || kind == UInt8(ascii: "V")
      else { return nil }
      return flags & 1 != 0
    }
  }
}
