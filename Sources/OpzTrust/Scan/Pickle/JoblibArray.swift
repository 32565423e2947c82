/// An array that joblib wrote into a pickle's stream, as described by its wrapper object (joblib's numpy_pickle.py).
struct JoblibArray {
  /// Size in bytes; for objects it is not known.
  let size: UInt64
  /// Whether the elements are objects, stored as a pickle of their own.
  let holdsObjects: Bool
  /// Whether padding comes first: a byte with its length, then the padding.
  let isAligned: Bool

  /// Nil if the wrapper does not give the array's size in the way that joblib does.
  /// - Parameter fields: the wrapper's state.
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

  /// The element type of a dtype that NumPy pickled: its code, then a state (NumPy's `arraydescr_setstate`).
  private struct Element {
    let size: UInt64
    let isObject: Bool

    init?(_ dtype: PickleObject) {
      guard dtype.type == .dtype, let text = dtype.text, dtype.states.count <= 1 else { return nil }
      let code = Array(text.utf8)
      guard let kind = code.first, code.count > 1, code.dropFirst().allSatisfy({ (48...57).contains($0) }),
        let width = UInt64(String(decoding: code.dropFirst(), as: UTF8.self)), width < 1 << 32
      else { return nil }
      let size = kind == UInt8(ascii: "U") ? width * 4 : width
      let isObject = kind == UInt8(ascii: "O")
      guard Array("biufcmMSUVO".utf8).contains(kind) else { return nil }
      if let state = dtype.states.first {
        guard let state, let holds = Element.holdsObjects(state, kind, size: size) else { return nil }
        // Besides the object type itself, only a structured type can contain objects.
        guard holds == isObject || (holds && kind == UInt8(ascii: "V")) else { return nil }
        self.isObject = holds
      } else {
        self.isObject = isObject
      }
      self.size = size
    }

    /// Whether the elements contain objects; nil for a state that NumPy does not write, or that changes the size.
    private static func holdsObjects(_ state: [PickleValue], _ kind: UInt8, size: UInt64) -> Bool? {
      guard state.count == 8 || state.count == 9, case .number(3...4) = state[0], case .text = state[1],
        case .none = state[2], case .number(let stated) = state[5], case .number = state[6],
        case .number(let flags) = state[7]
      else { return nil }
      var isStructured = false
      switch (state[3], state[4]) {
      case (.none, .none): break
      default: isStructured = true
      }
      let isExtended = Array("SUV".utf8).contains(kind)
      guard isExtended ? UInt64(exactly: stated) == size : stated == -1, !isStructured || kind == UInt8(ascii: "V")
      else { return nil }
      return flags & 1 != 0
    }
  }
}
