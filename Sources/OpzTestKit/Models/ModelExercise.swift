public import OpzFormats
import OpzModel
import OpzScoring

/// Does to bytes what opz does to a model's file that a stranger made: reads it and scores rows, plainly and compiled.
public enum ModelExercise {
  /// What became of some bytes.
  public enum Outcome: Sendable {
    /// A reader refused them with this reason.
    case refused(String)
    /// They are a model, and both scorers compute the same.
    case scored
    /// The scorers differ.
    case differs(String)
  }

  /// Reads bytes and scores some rows.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - name: the file's name.
  ///   - fixture: what the bytes were made of, for its rows; without it a few numbers are scored.
  /// - Throws: what a reader may not throw: anything but a `ModelError`.
  public static func run(_ bytes: [UInt8], name: String, fixture: ModelFixture? = nil) throws -> Outcome {
    let model: Model
    do {
      model = try ModelFormats.standard.read(bytes, name: name).model
    } catch let error as ModelError {
      return .refused(error.reason)
    }
    let plain = Scorer(model), compiled = Scorer.compiled(model)
    let input = rows(model, fixture)
    do {
      for output in model.outputs {
        let one = try plain.score(input, [output.kind]), other = try compiled.score(input, [output.kind])
        guard isEqual(one.outputs[0].storage, other.outputs[0].storage), one.refused == other.refused else {
          return .differs("\(output.kind.rawValue): \(one.outputs[0].storage), not \(other.outputs[0].storage)")
        }
      }
      guard try plain.leaves(input) == compiled.leaves(input) else { return .differs("leaves") }
    } catch let error as ModelError {
      return .refused(error.reason)
    }
    return .scored
  }

  private static func rows(_ model: Model, _ fixture: ModelFixture?) -> Rows {
    if let fixture, !fixture.rows.isEmpty { return fixture.input(model, Array(fixture.rows.prefix(3))) }
    let values: [Double] = [0, -1.5, .nan, 3, 1e9]
    let count = 3
    let numbers = (0..<(count * model.inputs.count)).map { values[$0 % values.count] }
    var texts: [Int: [String?]] = [:]
    for (index, input) in model.inputs.enumerated() where input.kind == .text { texts[index] = ["a", nil, "b"] }
    return Rows(count: count, numbers: .float64(numbers), texts: texts)
  }

  private static func isEqual(_ one: Tensor.Storage, _ other: Tensor.Storage) -> Bool {
    switch (one, other) {
    case (.float32(let a), .float32(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
    case (.float64(let a), .float64(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
    case (.texts(let a), .texts(let b)): a == b
    default: false
    }
  }
}
