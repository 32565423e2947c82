/// What a caller decides about reading a model: it changes what the model computes, so it belongs to the package.
public struct ReadingOptions: Sendable, Hashable {
  /// Which iterations of a boosted model count.
  public enum Iterations: String, Sendable, Hashable, CaseIterable {
    /// All that the file has, as XGBoost's `Booster.predict` uses them.
    case all
    /// Those up to the best one that early stopping recorded in the file, as XGBoost's scikit-learn wrapper uses them.
    /// All where the file records none.
    case best
  }

  public var iterations: Iterations

  /// Creates options; the default is what the library's own predictor does.
  public init(iterations: Iterations = .all) { self.iterations = iterations }
}
