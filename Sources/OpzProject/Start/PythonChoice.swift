import OpzPackage

/// Which Python a version of a library has wheels for.
public enum PythonChoice {
  /// By library, from its release notes and the files on PyPI: the last minor version of Python 3 that the releases
  /// before each version have wheels for.
  private static let last: [String: [(before: (Int, Int), python: Int)]] = [
    "scikit-learn": [((1, 1), 10), ((1, 3), 11)],
    "numpy": [((1, 22), 10), ((1, 26), 11)],
    "pandas": [((1, 5), 10), ((2, 1), 11)],
    "tensorflow-cpu": [((2, 12), 10), ((2, 16), 11)],
    "torch": [((2, 0), 10), ((2, 2), 11)],
    "lightgbm": [], "catboost": [((1, 2), 11)], "onnxruntime": [((1, 15), 10), ((1, 17), 11)],
  ]

  /// The version of Python for exact requirements, such as `3.11`; nil where the usual one has wheels of all.
  public static func version(for requirements: [PythonRequirement]) -> String? {
    let limits = requirements.compactMap { item -> Int? in
      guard item.version.hasPrefix("=="), let rows = last[item.name] else { return nil }
      let numbers = item.version.dropFirst(2).split(separator: ".").prefix(2).map {
        Int($0.prefix { $0.isNumber }) ?? 0
      }
      guard numbers.count == 2 else { return nil }
      return rows.first { (numbers[0], numbers[1]) < $0.before }?.python
    }
    let usual = Int(RuntimeSection.usualPython.split(separator: ".").last ?? "") ?? 12
    guard let lowest = limits.min(), lowest < usual else { return nil }
    return "3.\(lowest)"
  }
}
