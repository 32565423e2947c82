public import OpzModel

extension Scorer {
  /// A scorer whose trees are compiled for this CPU.
  public static func compiled(_ model: Model) -> Scorer { Scorer(model) { CompiledTrees($0) } }
}
