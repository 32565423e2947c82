import Foundation
import OpzJSON
public import OpzModel

/// A model that a real library saved, rows, and what the library computed for them.
///
/// `scripts/make-fixtures` and `scripts/test-peers` write one a line: `{"name": "binary-3.2", "library": "xgboost 3.2.0",
/// "file": "model.ubj", "bytes": "BASE64", "rows": [["0x1.8p+1", "nan", "some text", null], ..], "outputs": {"margin":
/// [["0x1p-3"], ..]}, "leaves": [[1, 4], ..], "ulp": {"probability": 2}}`. A row has one cell for each input: a number in
/// hexadecimal, a text, or null where it is missing. `leaves` and `ulp` may be absent; outputs are equal to the bit unless
/// `ulp` says how many units in the last place they may be off, of float32 where the model's output is float32.
/// `"refused": "TEXT"` in place of outputs means that the reader refuses the file with a reason that contains the text.
public struct ModelFixture: Sendable {
  public let name: String
  /// The library and its version.
  public let library: String
  public let file: String
  public let bytes: [UInt8]
  public let rows: [[String?]]
  public let outputs: [String: [[String]]]
  public let leaves: [[Int32]]?
  /// Units in the last place that an output may be off, by its name.
  public let ulp: [String: Double]
  public let refused: String?

  /// Reads a line.
  /// - Throws: `JSONFailure` for a line that is not JSON.
  public init(line: [UInt8]) throws {
    let json = try JSONValue(json: line, options: JSONOptions(size: line.count))
    name = json["name"]?.string ?? ""
    library = json["library"]?.string ?? ""
    file = json["file"]?.string ?? ""
    bytes = Array(Data(base64Encoded: json["bytes"]?.string ?? "") ?? Data())
    rows = (json["rows"]?.array ?? []).map { ($0.array ?? []).map(\.string) }
    outputs = (json["outputs"]?.object ?? [:]).mapValues {
      ($0.array ?? []).map { ($0.array ?? []).compactMap(\.string) }
    }
    leaves = json["leaves"]?.array.map { $0.map { ($0.array ?? []).compactMap { $0.integer.map(Int32.init) } } }
    ulp = (json["ulp"]?.object ?? [:]).compactMapValues { $0.integer.map(Double.init) }
    refused = json["refused"]?.string
  }

  /// The rows as the model's inputs; texts become codes.
  public func input(_ model: Model) -> Rows { input(model, rows) }

  /// Some rows as the model's inputs. Inputs beyond the rows' cells are missing.
  public func input(_ model: Model, _ rows: [[String?]]) -> Rows {
    var numbers: [Double] = []
    var texts: [Int: [String?]] = [:]
    for row in rows {
      for (index, input) in model.inputs.enumerated() {
        let cell = index < row.count ? row[index] : nil
        switch input.kind {
        case .text:
          texts[index, default: []].append(cell)
          numbers.append(.nan)
        case .categorical(let known, let unseen) where !known.isEmpty:
          let code = cell.map { known.firstIndex(of: $0).map(Double.init) ?? (unseen == .missing ? .nan : -1) }
          numbers.append(code ?? .nan)
        case .categorical, .number: numbers.append(cell.flatMap { Double($0) } ?? .nan)
        }
      }
    }
    return Rows(count: rows.count, numbers: .float64(numbers), texts: texts)
  }

  /// How a scorer's results compare with the library's.
  public struct Comparison: Sendable {
    /// The greatest distance of each output, in units in the last place.
    public internal(set) var distances: [String: Double] = [:]
    /// What differs more than it may; empty if nothing does.
    public internal(set) var differences: [String] = []
  }

  /// What differs from the library's results; empty if nothing does.
  /// - Throws: `ModelError` where the rows do not fit the model.
  public func differences(_ scorer: Scorer) throws -> [String] { try compare(scorer).differences }

  /// Compares each output of each row with the library's, and the leaves.
  /// - Throws: `ModelError` where the rows do not fit the model.
  public func compare(_ scorer: Scorer) throws -> Comparison {
    let input = input(scorer.model)
    var found = Comparison()
    for (name, expected) in outputs.sorted(by: { $0.key < $1.key }) {
      guard let kind = Model.OutputKind(rawValue: name), scorer.model.output(kind) != nil else {
        found.differences.append("no output \(name)")
        continue
      }
      let result = try scorer.score(input, [kind])
      if let (row, reason) = result.refused.min(by: { $0.key < $1.key }) {
        found.differences.append("row \(row) is refused: \(reason)")
        continue
      }
      let tensor = result.outputs[0]
      guard tensor.rows == expected.count, expected.allSatisfy({ $0.count == tensor.type.width }) else {
        found.differences.append(
          "\(name): \(tensor.rows) x \(tensor.type.width), not \(expected.count) x \(expected.first?.count ?? 0)")
        continue
      }
      compare(tensor, name, expected: Array(expected.joined()), found: &found)
    }
    if let leaves, case let own = try scorer.leaves(input), own != leaves.flatMap({ $0 }) {
      let wrong = zip(own, leaves.joined()).enumerated().first { $1.0 != $1.1 }
      found.differences.append("leaves differ, first at \(String(describing: wrong))")
    }
    return found
  }

  private func compare(_ tensor: Tensor, _ name: String, expected: [String], found: inout Comparison) {
    for (index, text) in expected.enumerated() {
      guard let far = distance(tensor, index, expected: text) else { continue }
      found.distances[name] = max(found.distances[name] ?? 0, far)
      guard far > ulp[name] ?? 0 else { continue }
      let own = tensor.type.element == .text ? tensor.texts[index] ?? "" : "\(tensor.numbers[index])"
      found.differences.append(
        "\(name) of row \(index / tensor.type.width): \(own), not \(Double(text) ?? .nan) (\(text)): \(far) ulp")
    }
  }

  /// Units in the last place between an element and what is expected; nil for equal ones.
  private func distance(_ tensor: Tensor, _ index: Int, expected: String) -> Double? {
    switch tensor.storage {
    case .texts(let texts): return texts[index] == expected ? nil : .infinity
    case .float32(let values):
      let (own, other) = (values[index], Float(Double(expected) ?? .nan))
      if own == other || own.isNaN && other.isNaN { return nil }
      guard own.isFinite, other.isFinite else { return .infinity }
      return Double(abs(own - other) / max(own.ulp, other.ulp, .leastNonzeroMagnitude))
    case .float64(let values):
      let (own, other) = (values[index], Double(expected) ?? .nan)
      if own == other || own.isNaN && other.isNaN { return nil }
      guard own.isFinite, other.isFinite else { return .infinity }
      return abs(own - other) / max(own.ulp, other.ulp)
    }
  }
}
