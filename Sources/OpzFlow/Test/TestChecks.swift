import OpzIO
import OpzJSON
import OpzModel
import OpzOCI
import OpzProject

/// A small CSV table in memory.
struct TestTable: Sendable {
  let header: [String]
  let rows: [[String]]

  static func read(_ blob: FileBlob, name: String) throws -> TestTable {
    guard blob.size <= 256 << 20 else {
      throw FlowError(.failed, name, reason: "its \(blob.size) bytes exceed the limit for a test")
    }
    let rows = try CSVTable.read(try blob.bytes(), name: name)
    guard let header = rows.first else { throw FlowError(.failed, name, reason: "the table is empty") }
    return TestTable(header: header, rows: Array(rows.dropFirst()))
  }

  func column(_ name: String) -> Int? { header.firstIndex(of: name) }
}

/// Compares predictions for `holdout.csv` with `expected.csv`.
struct TableCheck: Sendable {
  let rows: TestTable
  let expected: TestTable
  let signature: TestSignature
  var tolerance: TestSection.Tolerance?

  /// The number of rows per request.
  private static let batch = 250

  func run(_ runner: any ModelRunner) async throws -> TestReport.Check {
    var check = TestReport.Check(name: "expected.csv", tolerance: tolerance)
    guard rows.rows.count == expected.rows.count else {
      check.fail("\(expected.rows.count) rows for \(rows.rows.count) rows of holdout.csv")
      return check
    }
    let order = signature.inputs.map { rows.column($0.name) }
    let missing = zip(signature.inputs, order).filter { $1 == nil }.map(\.0.name)
    guard missing.isEmpty else {
      check.fail("holdout.csv has no column \(missing.joined(separator: ", "))")
      return check
    }
    let columns = order.compactMap { $0 }
    for start in stride(from: 0, to: rows.rows.count, by: TableCheck.batch) {
      let range = start..<min(start + TableCheck.batch, rows.rows.count)
      let cells = rows.rows[range].map { row in
        columns.map { $0 < row.count && !row[$0].isEmpty ? row[$0] : nil }
      }
      compare(try await runner.predict(cells, signature.inputs), range, check: &check)
    }
    return check
  }

  private func compare(_ outputs: [String: [TestValue]], _ range: Range<Int>, check: inout TestReport.Check) {
    var compared = false
    for output in signature.outputs {
      let kind = output.name
      guard let found = outputs[kind], found.count.isMultiple(of: range.count),
        output.width.map({ found.count == range.count * $0 }) ?? true
      else {
        check.fail("the response has no output \(kind) for \(range.count) rows")
        continue
      }
      let width = found.count / range.count
      for part in 0..<width {
        let name = width == 1 ? kind : "\(kind)_\(part)"
        guard let column = expected.column(name) ?? prediction(as: kind) else { continue }
        compared = true
        for (index, row) in range.enumerated() {
          guard column < expected.rows[row].count,
            let wanted = TestValue(cell: expected.rows[row][column], as: output.element)
          else {
            check.fail("row \(row + 1), \(name): not a number")
            continue
          }
          check.compare(found[index * width + part], wanted, at: "row \(row + 1), \(name)")
        }
      }
    }
    if !compared {
      let outputs = signature.outputs.map(\.name).joined(separator: ", ")
      check.fail(
        "its columns are \(expected.header.prefix(10).joined(separator: ", ")), and the model puts out \(outputs)")
    }
  }

  /// The column `prediction`, which is what libraries' `predict` is saved as, where the model calls it a label.
  private func prediction(as output: String) -> Int? {
    guard output == "label", !signature.outputs.contains(where: { $0.name == "prediction" }) else { return nil }
    return expected.column("prediction")
  }
}

/// Replays `requests.jsonl`: one request with its expected response per line.
struct RequestCheck: Sendable {
  private struct Exchange: Decodable {
    let request: JSONValue
    let response: ServerRunner.Answer
  }

  private let bytes: [UInt8]
  private let tolerance: TestSection.Tolerance?

  init(_ bytes: [UInt8], tolerance: TestSection.Tolerance? = nil) {
    self.bytes = bytes
    self.tolerance = tolerance
  }

  func run(_ server: ServerRunner) async throws -> TestReport.Check {
    var check = TestReport.Check(name: "requests.jsonl", tolerance: tolerance)
    for (index, line) in bytes.split(separator: 10).enumerated() where line.contains(where: { $0 != 32 && $0 != 13 }) {
      let place = "requests.jsonl:\(index + 1)"
      let exchange = try CanonicalJSON.decode(Exchange.self, from: Array(line), subject: place)
      let answer = try await server.infer(exchange.request)
      for wanted in exchange.response.outputs {
        guard let found = answer.outputs.first(where: { $0.name == wanted.name }), found.data.count == wanted.data.count
        else {
          check.fail("line \(index + 1): no output \(wanted.name) with \(wanted.data.count) values")
          continue
        }
        let values = zip(try found.values(as: found.element), wanted.data)
        for (position, (value, json)) in values.enumerated() {
          let place = "line \(index + 1), \(wanted.name)[\(position)]"
          guard let expected = TestValue(json: json, as: found.element) else {
            check.fail("\(place): the expected value is not of the type \(found.element)")
            continue
          }
          check.compare(value, expected, at: place)
        }
      }
    }
    return check
  }
}
