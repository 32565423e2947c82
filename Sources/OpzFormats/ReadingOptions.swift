public import OpzModel

/// What a caller decides about reading a model: it changes what the model computes, so it belongs to the package.
///
/// A packaged image has it in its environment, as it has the model's name: so `opz-server`, `opz score` and `opz test`
/// read the model of a version in one way.
public struct ReadingOptions: Sendable, Hashable {
  /// Which iterations of a boosted model count.
  public enum Iterations: String, Sendable, Hashable, CaseIterable {
    /// All that the file has, as XGBoost's `Booster.predict` uses them.
    case all
    /// Those up to the best one that early stopping recorded in the file, as XGBoost's scikit-learn wrapper uses them.
    /// All where the file records none.
    case best
  }

  /// What becomes of a category that the model does not have, with the words of `opz score --unseen`.
  public typealias Unseen = RowEncoder.UnseenRule

  /// The variable of `iterations`.
  public static let iterationsVariable = "OPZ_MODEL_ITERATIONS"
  /// The variable of `format`.
  public static let formatVariable = "OPZ_MODEL_FORMAT"
  /// The variable of `unseen`.
  public static let unseenVariable = "OPZ_MODEL_UNSEEN"

  public var iterations: Iterations
  /// The name of the format that the file has to have; nil to go by its content.
  public var format: String?
  /// What becomes of a category that the model does not have, whoever scores it.
  public var unseen: Unseen

  /// Creates options; the default is what the library's own predictor does, for a file of any format.
  public init(
    iterations: Iterations = .all, format: String? = nil, unseen: Unseen = .library
  ) {
    self.iterations = iterations
    self.format = format
    self.unseen = unseen
  }

  /// Reads the options of an image's environment. Variables that are missing or empty mean the defaults.
  /// - Throws: `ModelError.badOption` for another value.
  public init(environment: [String: String]) throws {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    self.init(format: value(ReadingOptions.formatVariable))
    if let text = value(ReadingOptions.iterationsVariable) {
      iterations = try ReadingOptions.choice(
        text, ReadingOptions.iterationsVariable, hint: "leave it out to score all iterations")
    }
    if let text = value(ReadingOptions.unseenVariable) {
      unseen = try ReadingOptions.choice(
        text, ReadingOptions.unseenVariable, hint: "leave it out for what the training library does")
    }
  }

  private static func choice<Choice: RawRepresentable & CaseIterable>(
    _ text: String, _ name: String, hint: String
  ) throws -> Choice where Choice.RawValue == String {
    if let choice = Choice(rawValue: text) { return choice }
    let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    throw ModelError(.badOption, name, reason: "'\(text.prefix(80))' is not one of \(known)", hint: hint)
  }

  /// The environment that `init(environment:)` reads; empty for the defaults.
  public var environment: [String: String] {
    var variables: [String: String] = [:]
    if iterations != .all { variables[ReadingOptions.iterationsVariable] = iterations.rawValue }
    variables[ReadingOptions.formatVariable] = format
    if unseen != .library { variables[ReadingOptions.unseenVariable] = unseen.rawValue }
    return variables
  }
}
