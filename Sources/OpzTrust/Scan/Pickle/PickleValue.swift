/// Something that a pickle names to be imported: `os`, `system`.
struct PickleGlobal: Hashable, Sendable {
  let module: String
  let name: String

  var description: String { "\(module).\(name)" }

  /// Names as Python's own modules have them, with dots between.
  var isPlain: Bool { PickleGlobal.isPlain(module) && PickleGlobal.isPlain(name) }

  private static func isPlain(_ text: String) -> Bool {
    text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && !(48...57).contains(part.first ?? 48)
        && part.allSatisfy {
          $0 == 95 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        }
    }
  }

  /// What stands in joblib's files before the bytes of an array.
  static let arrayWrapper = PickleGlobal(module: "joblib.numpy_pickle", name: "NumpyArrayWrapper")
  static let dtype = PickleGlobal(module: "numpy", name: "dtype")
  static let zone = PickleGlobal(module: "zoneinfo", name: "ZoneInfo")

  var isReconstructor: Bool { ["copyreg", "copy_reg"].contains(module) && name == "_reconstructor" }
  var isGetattr: Bool { ["builtins", "__builtin__"].contains(module) && name == "getattr" }
  /// NumPy's function that imports the name that it is given.
  var isImporter: Bool { ["numpy.core", "numpy._core"].contains(module) && name == "_ufunc_reconstruct" }
  /// XGBoost's and LightGBM's, which read a file where they are given its name.
  var isBooster: Bool { ["xgboost.core", "lightgbm.basic"].contains(module) && name == "Booster" }
  var isObject: Bool { ["builtins", "__builtin__"].contains(module) && name == "object" }
}

/// What is known of a value on a pickle's stack without making it. Nothing is nested deeper than a few levels.
enum PickleValue {
  case mark
  /// Text that is short and plain enough to be a name.
  case text(String)
  /// Text that is too long for a name, or that has escapes.
  case hiddenText
  case number(Int64)
  case none
  indirect case global(PickleGlobal)
  /// Of plain values; what else it holds is `other`.
  case tuple([PickleValue])
  case dictionary(PickleFields)
  /// An array's wrapper or a dtype.
  case object(PickleObject)
  /// What a call of a global gave.
  indirect case made(PickleGlobal)
  case other

  /// Whether the unpickler may find a text here.
  var mayBeText: Bool {
    switch self {
    case .text, .hiddenText: true
    // str(..), encode(.., "rot13"), and _reconstructor(str, str, ..), which makes one.
    case .made(let global):
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

  /// It is such a global, an object of such a class, or a tuple with such a global.
  func holds(_ isSuch: (PickleGlobal) -> Bool) -> Bool {
    switch self {
    case .global(let global): isSuch(global)
    case .object(let object): isSuch(object.maker)
    case .tuple(let items): items.contains { $0.holds(isSuch) }
    default: false
    }
  }
}

/// A wrapper of joblib's, or a dtype; shared, because a pickle says what it is after it was made.
final class PickleObject {
  let maker: PickleGlobal
  /// Its first argument.
  let text: String?
  /// What it was built of, each of plain values; nil where that is not known.
  private(set) var states: [[PickleValue]?] = []

  init(_ maker: PickleGlobal, text: String? = nil) {
    self.maker = maker
    self.text = text
  }

  func build(_ state: PickleValue) {
    // More than one is too many already.
    guard states.count < 2 else { return }
    if case .tuple(let items) = state { states.append(items) } else { states.append(nil) }
  }
}

/// What a dictionary says of an array, if it is the state of joblib's wrapper; shared, because a pickle fills a dictionary after it was made.
final class PickleFields {
  private(set) var members: [String: PickleValue] = [:]
  /// Each key is one that joblib's wrapper has. Another one could be a method of it.
  private(set) var isState = true

  private static let names: Set<String> = [
    "subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes",
  ]
  /// Those that say how many bytes the array has. What else a dictionary holds is not kept.
  private static let kept: Set<String> = ["shape", "dtype", "numpy_array_alignment_bytes"]

  func set(_ key: PickleValue, _ value: PickleValue) {
    guard case .text(let key) = key, PickleFields.names.contains(key) else {
      isState = false
      return
    }
    guard PickleFields.kept.contains(key) else { return }
    switch value {
    // A dictionary in a dictionary in .. would be freed by as many nested calls.
    case .mark, .dictionary: members[key] = .other
    default: members[key] = value
    }
  }
}
