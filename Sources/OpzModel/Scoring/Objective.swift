#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A model's objective: how a margin becomes a prediction. Computed in float32.
public struct Objective: Sendable, Hashable {
  package enum Link: Sendable, Hashable {
    case identity, logistic, exponential, hinge, softmax
  }

  /// The training library's name: `binary:logistic`.
  public let name: String
  package let link: Link

  package init(name: String, link: Link) {
    self.name = name
    self.link = link
  }

  /// Turns the margins of one row into its predictions, in place.
  func transform(_ margins: UnsafeMutableBufferPointer<Float>) {
    switch link {
    case .identity: return
    case .logistic:
      // 88.7 keeps expf finite; 1e-16 keeps the quotient from reaching 1 exactly as XGBoost does.
      for index in margins.indices { margins[index] = 1 / (expf(min(-margins[index], 88.7)) + 1 + 1e-16) }
    case .exponential: for index in margins.indices { margins[index] = expf(margins[index]) }
    case .hinge: for index in margins.indices { margins[index] = margins[index] > 0 ? 1 : 0 }
    case .softmax: softmax(margins)
    }
  }

  private func softmax(_ margins: UnsafeMutableBufferPointer<Float>) {
    guard let first = margins.first else { return }
    let top = margins.reduce(first) { max($0, $1) }
    var sum = 0.0
    for index in margins.indices {
      margins[index] = expf(margins[index] - top)
      sum += Double(margins[index])
    }
    let total = Float(sum)
    for index in margins.indices { margins[index] /= total }
  }

  /// The output's name.
  package var predictionName: String { link == .logistic || link == .softmax ? "probability" : "prediction" }
}
