/// Something that a pickle imports: module `os`, name `system`.
struct PickleGlobal: Hashable, Sendable {
  let module: String
  let name: String

  var description: String { "\(module).\(name)" }

  /// Whether both are dotted Python identifiers, as those of real modules are.
  var isPlain: Bool { PickleGlobal.isPlain(module) && PickleGlobal.isPlain(name) }

  private static func isPlain(_ text: String) -> Bool {
    text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && !(48...57).contains(part.first ?? 48)
        && part.allSatisfy {
          $0 == 95 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        }
    }
  }

  /// The object that comes before an array's bytes in joblib's files.
  static let arrayWrapper = PickleGlobal(module: "joblib.numpy_pickle", name: "NumpyArrayWrapper")
  static let dtype = PickleGlobal(module: "numpy", name: "dtype")
  static let zone = PickleGlobal(module: "zoneinfo", name: "ZoneInfo")

  var isReconstructor: Bool { ["copyreg", "copy_reg"].contains(module) && name == "_reconstructor" }
  var isGetattr: Bool { ["builtins", "__builtin__"].contains(module) && name == "getattr" }
  /// NumPy's function that imports the name it is given.
  var isImporter: Bool { ["numpy.core", "numpy._core"].contains(module) && name == "_ufunc_reconstruct" }
  /// The boosters of XGBoost and LightGBM, which read a file if they are given its name.
  var isBooster: Bool { ["xgboost.core", "lightgbm.basic"].contains(module) && name == "Booster" }
  var isObject: Bool { ["builtins", "__builtin__"].contains(module) && name == "object" }
}

/// What is known about a value on a pickle's stack without creating it. Nesting is limited to a few levels.
enum PickleValue {
  case mark
  /// Text that is short and plain enough to be a name.
  case text(String)
  /// Text that is too long for a name, or has escapes.
  case opaqueText
  case number(Int64)
  case none
  indirect case global(PickleGlobal)
  /// A tuple of plain values; any others in it are `other`.
  case tuple([PickleValue])
  case dictionary(PickleFields)
  /// An array wrapper or a dtype.
  case object(PickleObject)
  /// The result of calling a global.
  indirect case result(PickleGlobal)
  case other

  /// Whether this may be a text when the unpickler runs.
  var mayBeText: Bool {
    switch self {
    case .text, .opaqueText: true
    // str(..), encode(.., "rot13") and _reconstructor(str, str, ..) return a text.
    case .result(let global):
      ["str", "unicode"].contains(global.name) || ["_codecs", "copyreg", "copy_reg"].contains(global.module)
    default: false
    }
  }

  var isPlain: Bool {
    switch self {
    case .text, .number, .none, .global: true
    default: false
    }
  }

  /// Whether it is such a global, an object of such a class, or a tuple with such a global.
  func contains(_ isSuch: (PickleGlobal) -> Bool) -> Bool {
    switch self {
    case .global(let global): isSuch(global)
    case .object(let object): isSuch(object.type)
    case .tuple(let items): items.contains { $0.contains(isSuch) }
    default: false
    }
  }
}

/// A joblib array wrapper or a dtype. A class, because a pickle describes an object after creating it.
final class PickleObject {
  let type: PickleGlobal
  /// The first argument of its constructor.
  let text: String?
  /// The states that BUILD gave it, each of plain values; nil for an unknown one.
  private(set) var states: [[PickleValue]?] = []

  init(_ type: PickleGlobal, text: String? = nil) {
    self.type = type
    self.text = text
  }

  func build(_ state: PickleValue) {
    // Two are too many already.
    guard states.count < 2 else { return }
    if case .tuple(let items) = state { states.append(items) } else { states.append(nil) }
  }
}

/// The entries of a dictionary that may be the state of joblib's array wrapper. A class, because a pickle fills a
/// dictionary after creating it.
final class PickleFields {
  private(set) var members: [String: PickleValue] = [:]
  /// Whether all keys are those of joblib's wrapper. Any other could replace one of its methods.
  private(set) var isState = true

  private static let names: Set<String> = [
    "subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes",
  ]
  /// The entries that determine the array's size. The others are not kept.
  private static let kept: Set<String> = ["shape", "dtype", "numpy_array_alignment_bytes"]

  func set(_ key: PickleValue, _ value: PickleValue) {
    guard case .text(let key) = key, PickleFields.names.contains(key) else {
      isState = false
      return
    }
    guard PickleFields.kept.contains(key) else { return }
    switch value {
    // Deeply nested dictionaries would overflow the call stack when they are freed.
    case .mark, .dictionary: members[key] = .other
    default: members[key] = value
    }
  }
}
