extension BatchScoring {
  /// What is written for each row: an output of the model, or the leaf of each tree.
  public enum Kind: String, Sendable, CaseIterable {
    case prediction, probability, margin, label, leaf, distance

    /// The model's output of this kind; nil for leaves.
    var output: Model.OutputKind? { Model.OutputKind(rawValue: rawValue) }
  }

  /// How the columns of a table get their names.
  public enum Header: String, Sendable, CaseIterable {
    /// The first record has them.
    case first
    /// The first record is a row: columns are named by their position, from 1.
    case none
  }

  /// Settings of a batch run.
  public struct Options: Sendable {
    /// What to compute; nil for the model's default output.
    public var kind: Kind?
    public var dialect = CSVDialect.standard
    public var header = Header.first
    /// The names of columns that differ from those of the inputs that they have: `INPUT=COLUMN`.
    public var columns: [String] = []
    /// Texts that mean missing, in addition to the empty cell.
    public var missing: [String] = []
    public var unseen = RowEncoder.UnseenRule.library
    /// Columns copied to the output unchanged.
    public var keep: [String] = []
    /// Columns that are not read.
    public var ignore: [String] = []
    /// Threads; 0 for one per core.
    public var threads = 0

    /// Bytes of input per piece of work; 0 for what suits the number of threads.
    package var chunk = 0

    /// Creates options with the defaults.
    public init() {}
  }
}
