/// A release of XGBoost, as a file names the one that saved it.
struct XGBoostVersion: Comparable, CustomStringConvertible {
  let major: Int
  let minor: Int
  let patch: Int

  init(major: Int, minor: Int, patch: Int = 0) {
    (self.major, self.minor, self.patch) = (major, minor, patch)
  }

  /// Nil for a list that is no version.
  init?(_ numbers: [Int]) {
    guard numbers.count >= 2, numbers.allSatisfy({ (0..<1_000_000).contains($0) }) else { return nil }
    self.init(major: numbers[0], minor: numbers[1], patch: numbers.count > 2 ? numbers[2] : 0)
  }

  /// The minor releases whose files the tests score.
  static let tried: Set<[Int]> = [
    [1, 0], [1, 3], [1, 6], [1, 7], [2, 0], [3, 0], [3, 1], [3, 2], [3, 3], [3, 4],
  ]

  var isTried: Bool { XGBoostVersion.tried.contains([major, minor]) }

  static func < (one: XGBoostVersion, other: XGBoostVersion) -> Bool {
    (one.major, one.minor, one.patch) < (other.major, other.minor, other.patch)
  }

  var description: String { "\(major).\(minor).\(patch)" }

  // MARK: What differs

  /// Up to 1.2 the leaves are added up first, and the sum to the base; later the sum starts from the base
  /// (`PredictByAllTrees` in src/predictor/cpu_predictor.cc). dart had a loop of its own up to 1.3 (`Dart::PredValue` in
  /// src/gbm/gbtree.cc).
  func addsBaseFirst(dart isDart: Bool) -> Bool { self >= XGBoostVersion(major: 1, minor: isDart ? 4 : 3) }

  /// From 3.1 to 3.4 a base score that would be estimated in training, and never was, is taken for a margin
  /// (`NeedFit` in src/learner.cc).
  var keepsBaseOfUntrained: Bool {
    self >= XGBoostVersion(major: 3, minor: 1) && self < XGBoostVersion(major: 3, minor: 5)
  }

  /// In 1.6 and up to 1.7.2 a category beyond a node's bits goes the way of the missing ones; before and since, left
  /// (`common::Decision` in src/common/categorical.h).
  var unknownCategoriesAreMissing: Bool {
    self >= XGBoostVersion(major: 1, minor: 6) && self < XGBoostVersion(major: 1, minor: 7, patch: 3)
  }
}
