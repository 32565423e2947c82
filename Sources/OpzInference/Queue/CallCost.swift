/// What a call costs, learned from calls: `call + row * rows` seconds, by least squares over the recent ones.
package struct CallCost: Sendable {
  /// Each call weighs so much of the one after it: some fifty calls count.
  private static let forgetting = 0.98

  private var weight = 0.0
  private var rows = 0.0
  private var seconds = 0.0
  private var rowsSquared = 0.0
  private var product = 0.0

  /// Nothing is known.
  package init() {}

  /// Learns from a call of `rows` rows.
  package mutating func learn(rows count: Int, seconds time: Double) {
    let x = Double(count)
    weight = weight * CallCost.forgetting + 1
    rows = rows * CallCost.forgetting + x
    seconds = seconds * CallCost.forgetting + time
    rowsSquared = rowsSquared * CallCost.forgetting + x * x
    product = product * CallCost.forgetting + x * time
  }

  /// Whether there was a call.
  package var isKnown: Bool { weight > 0 }

  /// Seconds of each row.
  package var row: Double {
    let spread = weight * rowsSquared - rows * rows
    // Calls of one size say nothing about the share of a row.
    guard spread > 1e-9 * max(1, rows * rows) else { return rows > 0 ? seconds / rows : 0 }
    return max(0, min((weight * product - rows * seconds) / spread, seconds / max(rows, 1e-9)))
  }

  /// Seconds of each call, beside its rows.
  package var call: Double {
    guard weight > 0 else { return 0 }
    return max(0, (seconds - row * rows) / weight)
  }

  /// Seconds of a call of so many rows.
  package func seconds(rows count: Int) -> Double { call + row * Double(count) }
}
