import OpzModel
import Synchronization

@testable import OpzInference
@testable import OpzServe

/// A model whose answer is one number, whatever is asked, and how many such models there are.
final class ConstantPredictor: Predictor {
  /// Predictors that live.
  final class Population: Sendable {
    private let count = Atomic(0)

    init() {}

    var living: Int { count.load(ordering: .acquiring) }

    fileprivate func change(_ by: Int) { count.wrappingAdd(by, ordering: .acquiringAndReleasing) }
  }

  let platform = "test_constant"
  let features = [FeatureSpec(name: "x")]
  let outputs = [OutputSpec(name: "y")]
  private let value: Float
  private let population: Population?

  init(_ value: Float, _ population: Population? = nil) {
    self.value = value
    self.population = population
    population?.change(1)
  }

  deinit { population?.change(-1) }

  func predict(_ rows: Rows, outputs: [Int]) throws -> [Tensor.Storage] {
    outputs.map { _ in .float32(Array(repeating: value, count: rows.count)) }
  }

  static let request = #"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}"#
}

extension InferenceServer {
  /// A server of these models, each of which answers with its number.
  static func several(_ models: [(name: String, version: String, value: Float)]) -> InferenceServer {
    let models = models.map {
      ServedModel(name: $0.name, version: $0.version, predictor: ConstantPredictor($0.value))
    }
    return InferenceServer(ModelRepository(models, isSeveral: true), limits: ServerLimits(), version: "0", cores: 2)
  }
}
