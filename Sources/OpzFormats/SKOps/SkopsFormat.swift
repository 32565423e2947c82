import OpzModel

extension ModelFormat {
  /// `skops.io.dump(model, "model.skops")`: an estimator or pipeline of scikit-learn.
  static let skops = ModelFormat(
    name: "skops", displayName: "scikit-learn (skops)", suffixes: [".skops"], mlflowFlavors: ["sklearn"],
    hasIterations: false,
    match: { $0.isSkops },
    reading: .read(
      advice: "save a scikit-learn model with skops.io.dump(model, \"model.skops\")",
      { try SklearnReader.read($0.bytes, name: $0.name) }))
}

extension ModelHeader {
  /// A zip archive whose first member is one that skops writes: `schema.json`, or an array with the number of its object
  /// as its name (skops/io/_numpy.py).
  fileprivate var isSkops: ModelFormat.Match {
    guard starts(with: [0x50, 0x4b, 3, 4]), bytes.count >= 30 else { return .none }
    let end = 30 + Int(bytes[26]) + Int(bytes[27]) << 8
    guard end <= bytes.count else { return .none }
    let name = String(decoding: bytes[30..<end], as: UTF8.self)
    if name == "schema.json" { return .certain }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return .none }
    let isNumber = !parts[0].isEmpty && parts[0].utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
    switch parts[1] {
    case "npy": return isNumber ? .certain : .none
    case "npz", "bin": return .possible
    default: return .none
    }
  }
}
