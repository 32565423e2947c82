import Foundation
import OpzFormats
import OpzIO
import OpzJSON
import OpzModel
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzArchive

/// A model that a real library saved, rows, and what the library computed for them.
///
/// `Fixtures/models/FORMAT.jsonl.zst` has one a line, made by `scripts/make-fixtures`:
/// `{"name": "binary-3.2", "library": "xgboost 3.2.0", "file": "model.ubj", "bytes": "BASE64", "rows": [["0x1.8p+1", "nan",
/// "some text", null], ..], "outputs": {"margin": [["0x1p-3"], ..]}, "leaves": [[1, 4], ..], "ulp": {"probability": 2}}`.
/// A row has one cell for each input: a number in hexadecimal, a text, or null where it is missing. `leaves` and `ulp`
/// may be absent; outputs are equal to the bit unless `ulp` says how many units in the last place they may be off, of
/// float32 where the model's output is float32. `"refused": "TEXT"` in place of outputs means that the reader refuses the
/// file with a reason that contains the text.
struct ModelFixture: CustomTestStringConvertible, Sendable {
  let name: String
  let file: String
  let bytes: [UInt8]
  let rows: [[String?]]
  let outputs: [String: [[String]]]
  let leaves: [[Int32]]?
  let ulp: [String: Double]
  let refused: String?

  var testDescription: String { name }

  static let directory = PackageRoot.path(#filePath).appending("Tests/OpzFormatsTests/Fixtures/models")

  /// All fixtures of a format's file.
  static func all(of format: String) throws -> [ModelFixture] {
    let blob = try FileBlob(directory.appending("\(format).jsonl.zst"))
    var limits = ArchiveLimits()
    limits.ratio = 10_000
    let source = try DecompressingSource(blob, .zstd, limits, name: format)
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while case let count = try buffer.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 {
      text += buffer[..<count]
    }
    return try text.split(separator: 10).map { line in
      try ModelFixture(try JSONValue(json: Array(line), options: JSONOptions(size: line.count)))
    }
  }

  private init(_ json: JSONValue) throws {
    name = json["name"]?.string ?? ""
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
  func input(_ model: Model) -> Rows {
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

  /// What differs from the library's results; empty if nothing does.
  func differences(_ scorer: Scorer) throws -> [String] {
    let input = input(scorer.model)
    var found: [String] = []
    for (name, expected) in outputs.sorted(by: { $0.key < $1.key }) {
      guard let kind = Model.OutputKind(rawValue: name), scorer.model.output(kind) != nil else {
        found.append("no output \(name)")
        continue
      }
      let tensor = try scorer.score(input, [kind]).outputs[0]
      guard tensor.rows == expected.count, expected.allSatisfy({ $0.count == tensor.type.width }) else {
        found.append(
          "\(name): \(tensor.rows) x \(tensor.type.width), not \(expected.count) x \(expected.first?.count ?? 0)")
        continue
      }
      for (index, text) in expected.joined().enumerated() {
        let own = tensor.type.element == .text ? tensor.texts[index] ?? "" : "\(tensor.numbers[index])"
        if let far = distance(tensor, index, text), far > ulp[name] ?? 0 {
          found.append(
            "\(name) of row \(index / tensor.type.width): \(own), not \(Double(text) ?? .nan) (\(text)): \(far) ulp")
        }
      }
    }
    if let leaves, case let own = try scorer.leaves(input), own != leaves.flatMap({ $0 }) {
      let wrong = zip(own, leaves.joined()).enumerated().first { $1.0 != $1.1 }
      found.append("leaves differ, first at \(String(describing: wrong))")
    }
    return found
  }

  /// Units in the last place between an element and what is expected; nil for equal ones.
  private func distance(_ tensor: Tensor, _ index: Int, _ expected: String) -> Double? {
    switch tensor.storage {
    case .texts(let texts): return texts[index] == expected ? nil : .infinity
    case .float32(let values):
      let (own, other) = (values[index], Float(Double(expected) ?? .nan))
      if own == other || own.isNaN && other.isNaN { return nil }
      return Double(abs(own - other) / max(own.ulp, other.ulp, .leastNonzeroMagnitude))
    case .float64(let values):
      let (own, other) = (values[index], Double(expected) ?? .nan)
      if own == other || own.isNaN && other.isNaN { return nil }
      return abs(own - other) / max(own.ulp, other.ulp)
    }
  }
}
