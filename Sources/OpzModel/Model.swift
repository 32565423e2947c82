/// A model that was read and validated, in one representation for all formats.
public struct Model: Sendable {
  public let signature: Signature
  public let objective: Objective
  /// Outputs per row: 1, or the number of classes.
  public let groups: Int
  /// One per group.
  let baseMargins: [Float]
  let ensemble: TreeEnsemble

  /// How many trees there are.
  public var treeCount: Int { ensemble.trees.count }

  /// Joins the parts of a model. A reader has checked them against each other: the scorer relies on it.
  /// - Parameter baseMargins: what each output starts from, one per group.
  package init(
    signature: Signature, objective: Objective, groups: Int, baseMargins: [Float], ensemble: TreeEnsemble
  ) {
    self.signature = signature
    self.objective = objective
    self.groups = groups
    self.baseMargins = baseMargins
    self.ensemble = ensemble
  }
}
