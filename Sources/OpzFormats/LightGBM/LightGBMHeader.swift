import OpzModel

/// What stands before the trees of a LightGBM file (`GBDT::LoadModelFromString` in src/boosting/gbdt_model_text.cpp).
struct LightGBMHeader {
  /// What the training rows had in a column.
  enum Values: Equatable {
    /// The column is not used.
    case unused
    case categories(ClosedRange<Int>)
    case numbers(ClosedRange<Double>)
  }

  /// `v4`.
  let version: String
  /// Trees of one iteration, which is the number of outputs.
  let outputs: Int
  let objective: LightGBMObjective
  /// Whether sums are divided by the number of iterations: random forests.
  let isAverage: Bool
  let names: [String]
  /// As many as there are names.
  let values: [Values]
  /// How many trees the file should have; nil in files of LightGBM before 2.1.
  let treeCount: Int?

  /// Reads lines up to the first tree. The reader has seen the first one, `tree`.
  /// - Parameter fail: makes the error of a reason.
  init(_ lines: inout LightGBMLines, fail: (String) -> ModelError) throws {
    var fields: [String: LightGBMLines.Line] = [:]
    var before = lines
    while let line = lines.next() {
      guard !line.starts(with: "Tree="), !line.starts(with: "end of trees") else {
        lines = before
        break
      }
      before = lines
      let (key, value) = line.split()
      if LightGBMHeader.keys.contains(key) { fields[key] = value }
    }
    func count(_ key: String) throws -> Int? {
      guard let value = fields[key] else { return nil }
      guard let number = (LightGBMNumbers.integers(value, 1) as [Int]?)?.first,
        (0...ModelBuilder.widthLimit).contains(number)
      else { throw fail("\(key) is \"\(value.text.prefix(40))\", not a number up to \(ModelBuilder.widthLimit)") }
      return number
    }
    guard let highest = try count("max_feature_idx") else { throw fail("max_feature_idx is missing") }
    guard let classes = try count("num_class") else { throw fail("num_class is missing") }
    version = fields["version"]?.text ?? ""
    outputs = try count("num_tree_per_iteration") ?? classes
    isAverage = fields["average_output"] != nil
    treeCount = fields["tree_sizes"].map(LightGBMHeader.countWords)
    let text = fields["objective"]?.text ?? "custom"
    guard let objective = LightGBMObjective(text) else {
      throw ModelError(
        .unsupported, fail("").subject, reason: "the objective \(text.prefix(80)) is not one that LightGBM has",
        hint: "a Python worker runs it: opz init writes runtime: {kind: python}")
    }
    self.objective = objective
    guard outputs > 0, objective.outputs ?? outputs == outputs else {
      throw fail("the objective \(text.prefix(80)) does not fit \(outputs) trees an iteration")
    }
    guard let names = fields["feature_names"]?.words(highest + 1) else {
      throw fail("feature_names has not \(highest + 1) names")
    }
    self.names = names
    guard let infos = fields["feature_infos"]?.words(highest + 1) else {
      throw fail("feature_infos has not \(highest + 1) entries")
    }
    values = try infos.map { info in
      guard let values = Values(info) else { throw fail("\"\(info.prefix(40))\" in feature_infos is not understood") }
      return values
    }
  }

  private static let keys: Set<String> = [
    "version", "num_class", "num_tree_per_iteration", "max_feature_idx", "objective", "average_output",
    "feature_names", "feature_infos", "tree_sizes",
  ]

  private static func countWords(_ line: LightGBMLines.Line) -> Int {
    var count = 0
    var isInside = false
    for byte in line.bytes[line.range] {
      if byte != 32, !isInside { count += 1 }
      isInside = byte != 32
    }
    return count
  }
}

extension LightGBMHeader.Values {
  /// Reads `none`, `0:2:-1` or `[-1.5:3]`; nil for anything else.
  init?(_ text: String) {
    if text == "none" {
      self = .unused
    } else if text.hasPrefix("["), text.hasSuffix("]") {
      let bounds = text.dropFirst().dropLast().split(separator: ":").compactMap { Double($0) }
      guard bounds.count == 2, bounds[0] <= bounds[1] else { return nil }
      self = .numbers(bounds[0]...bounds[1])
    } else {
      let codes = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      guard let least = codes.compactMap({ $0 }).min(), let greatest = codes.compactMap({ $0 }).max(),
        codes.allSatisfy({ $0 != nil })
      else { return nil }
      self = .categories(least...greatest)
    }
  }
}

extension LightGBMLines.Line {
  /// The line's words, separated by blanks; nil if they are not as many as `count`.
  func words(_ count: Int) -> [String]? {
    guard count <= range.count else { return nil }
    var result: [String] = []
    for word in bytes[range].split(separator: 32) {
      guard result.count < count else { return nil }
      result.append(String(decoding: word, as: UTF8.self))
    }
    return result.count == count ? result : nil
  }
}
