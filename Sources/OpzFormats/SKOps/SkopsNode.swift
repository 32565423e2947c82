import OpzJSON
import OpzModel

/// An object in a skops file, read where it stands (skops/io/_general.py, _numpy.py, _sklearn.py).
///
/// Each object is `{"__loader__": kind, "__class__": .., "__module__": .., "content": ..}`. Objects that are in several
/// places are written at each of them, so that the text is all there is to know.
struct SkopsNode {
  let view: JSONView
  let archive: SkopsArchive
  /// Where the object is, for errors: `steps[1][1].estimators_[0]`.
  let place: String

  /// A plain value: what JSON can say, or a number of numpy.
  enum Scalar: Equatable {
    case none
    case truth(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
  }

  /// `ObjectNode`, `DictNode`, `ListNode`, `NdArrayNode`, `JsonNode` ..
  var kind: String { view["__loader__"]?.string ?? "" }
  /// `RandomForestClassifier`.
  var className: String { view["__class__"]?.string ?? "" }
  /// `sklearn.ensemble._forest`.
  var module: String { view["__module__"]?.string ?? "" }
  /// What errors call the object: `sklearn.ensemble._forest.RandomForestClassifier`.
  var fullName: String { "\(module).\(className)" }

  /// Whether this is an object of a class of scikit-learn.
  func isObject(_ classes: String...) -> Bool {
    (kind == "ObjectNode" || kind == "TreeNode") && module.hasPrefix("sklearn.") && classes.contains(className)
  }

  private func node(_ view: JSONView, _ place: String) -> SkopsNode {
    SkopsNode(view: view, archive: archive, place: place)
  }

  // MARK: Members

  /// An object's attribute, or a dictionary's value; nil if there is none.
  func member(_ key: String) -> SkopsNode? {
    let content = view["content"]
    let members = kind == "DictNode" ? content : content?["content"]
    return members?.member(key).flatMap { $0.isObject ? node($0, place.isEmpty ? key : "\(place).\(key)") : nil }
  }

  /// An attribute that has to be there.
  /// - Throws: `ModelError.damaged`, which says that the estimator may not be fitted.
  func required(_ key: String) throws -> SkopsNode {
    guard let member = member(key) else {
      throw ModelError(
        .damaged, "\(archive.name): \(place.isEmpty ? className : place)", reason: "\(className) has no \(key)",
        hint: key.hasSuffix("_") ? "fit the model before it is saved" : "save the model again")
    }
    return member
  }

  /// The arguments that the object is made with, where skops keeps them.
  var arguments: [SkopsNode]? { view["__reduce__"]?["args"].flatMap { try? node($0, "\(place)()").items() } }

  /// The elements of a list, a tuple, a set, or an array of objects with one axis.
  /// - Throws: `ModelError.damaged` if it is none of these.
  func items() throws -> [SkopsNode] {
    guard let content = view["content"], ["ListNode", "TupleNode", "SetNode", "NdArrayNode"].contains(kind) else {
      throw damaged("a list is expected")
    }
    var index = -1
    let items = content.map { view -> SkopsNode in
      index += 1
      return node(view, "\(place)[\(index)]")
    }
    guard let items else { throw damaged("a list is expected") }
    return items
  }

  // MARK: Values

  var isNone: Bool { (try? scalar()) == Scalar.none }

  /// - Throws: `ModelError.damaged` if this is no plain value.
  func scalar() throws -> Scalar {
    if kind == "NdArrayNode", view["file"] != nil { return try scalar(of: array()) }
    guard kind == "JsonNode", let text = view["content"]?.string else { throw damaged("a plain value is expected") }
    switch text {
    // Python writes them outside the standard, and a value of JSON cannot hold them.
    case "NaN": return .number(.nan)
    case "Infinity": return .number(.infinity)
    case "-Infinity": return .number(-.infinity)
    default: break
    }
    guard let value = try? JSONValue(json: Array(text.utf8), options: JSONOptions(size: 1 << 20)) else {
      throw damaged("a plain value is expected")
    }
    switch value {
    case .null: return .none
    case .bool(let truth): return .truth(truth)
    case .string(let text): return .text(text)
    // 1.0 is a float in Python, and JSONValue has it as an integer.
    case .integer(let number):
      let isFloat = text.utf8.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
      return isFloat ? .number(Double(number)) : .integer(Int(number))
    case .number(let number): return .number(number)
    default: throw damaged("a plain value is expected")
    }
  }

  private func scalar(of array: NumpyArray) throws -> Scalar {
    guard array.count == 1 else { throw damaged("one value is expected") }
    switch array.element.kind {
    case .float: return .number(try array.doubles()[0])
    case .truth: return .truth(try array.integers()[0] != 0)
    case .text, .bytes: return .text(try array.texts()[0])
    default: return .integer(try array.integers()[0])
    }
  }

  /// An array that is in a file of its own.
  /// - Throws: `ModelError.damaged` if this is none.
  func array() throws -> NumpyArray {
    guard kind == "NdArrayNode", let file = view["file"]?.string else { throw damaged("an array is expected") }
    return try archive.array(file, place)
  }

  /// A list or an array of plain values, all axes in one row.
  /// - Throws: `ModelError.damaged` for others.
  func scalars() throws -> [Scalar] {
    guard kind == "NdArrayNode", view["file"] != nil else { return try items().map { try $0.scalar() } }
    let array = try array()
    switch array.element.kind {
    case .float: return try array.doubles().map { .number($0) }
    case .truth: return try array.integers().map { .truth($0 != 0) }
    case .text, .bytes: return try array.texts().map { .text($0) }
    default: return try array.integers().map { .integer($0) }
    }
  }

  /// A list or an array of numbers, all axes in one row.
  func numbers() throws -> [Double] {
    if kind == "NdArrayNode", view["file"] != nil { return try array().doubles() }
    return try scalars().map {
      guard let number = $0.number else { throw damaged("numbers are expected") }
      return number
    }
  }

  /// Of a list or an array: whole numbers.
  func integers() throws -> [Int] {
    if kind == "NdArrayNode", view["file"] != nil { return try array().integers() }
    return try scalars().map {
      guard case .integer(let number) = $0 else { throw damaged("whole numbers are expected") }
      return number
    }
  }

  func damaged(_ reason: String) -> ModelError { archive.damaged(place.isEmpty ? className : place, reason) }

  func unsupported(_ reason: String, hint: String) -> ModelError {
    let place = place.isEmpty ? archive.name : "\(archive.name): \(place)"
    return ModelError(.unsupported, place, reason: reason, hint: hint)
  }
}

extension SkopsNode.Scalar {
  /// A number or a truth value as a number; nil for others.
  var number: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .number(let number): number
    case .truth(let truth): truth ? 1 : 0
    case .none, .text: nil
    }
  }

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var integer: Int? { if case .integer(let number) = self { number } else { nil } }

  /// As Python's `str` writes it.
  var description: String {
    switch self {
    case .none: "None"
    case .truth(let truth): truth ? "True" : "False"
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .text(let text): text
    }
  }
}

extension SkopsNode {
  /// An attribute's text; nil if it is none or absent.
  func text(_ key: String) -> String? { (try? member(key)?.scalar())?.text }

  /// An attribute's truth value; `otherwise` if it is absent.
  func truth(_ key: String, otherwise: Bool = false) -> Bool {
    guard case .truth(let truth) = try? member(key)?.scalar() else { return otherwise }
    return truth
  }

  /// An attribute's whole number.
  func integer(_ key: String) throws -> Int {
    let member = try required(key)
    guard let number = try member.scalar().integer else { throw member.damaged("a whole number is expected") }
    return number
  }

  /// An attribute's number.
  func number(_ key: String) throws -> Double {
    let member = try required(key)
    guard let number = try member.scalar().number else { throw member.damaged("a number is expected") }
    return number
  }
}
