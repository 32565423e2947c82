// Compares what opz computes with what libraries computed, for scripts/test-peers: reads lines as scripts/make-fixtures writes
// them from the standard input, scores each model plainly and compiled, and prints what differs and a table by library.
// --keep DIR writes the files of models that differ. Exits with 1 if any does.

import Foundation
import OpzFormats
import OpzModel
import OpzScoring
import OpzTestKit

/// What became of the models of one library.
struct Row {
  var (models, equal, within, refused, different) = (0, 0, 0, 0, 0)
  var rows = 0
  /// By output.
  var distances: [String: Double] = [:]
}

/// The lines of the standard input.
struct Lines: Sequence, IteratorProtocol {
  mutating func next() -> [UInt8]? { readLine().map { Array($0.utf8) } }
}

@main
enum CheckModels {
  static func main() throws {
    let words = CommandLine.arguments
    let place = words.count == 3 && words[1] == "--keep" ? words[2] : nil
    var table: [String: Row] = [:]
    for line in Lines() {
      let fixture = try ModelFixture(line: line)
      let differences = check(fixture, &table[fixture.library, default: Row()])
      guard !differences.isEmpty else { continue }
      print("\(fixture.library): \(fixture.name): \(differences.count) differences, first \(differences.prefix(2))")
      guard let place else { continue }
      let name = fixture.library.replacing(" ", with: "-").replacing(",", with: "") + "-" + fixture.name
      try Data(fixture.bytes).write(to: URL(fileURLWithPath: "\(place)/\(name)-\(fixture.file)"))
      try Data(line).write(to: URL(fileURLWithPath: "\(place)/\(name).json"))
    }
    print("\n| library | models | rows | equal to the bit | within the promise | farthest, ulp | refused | differ |")
    print("|---|---:|---:|---:|---:|---|---:|---:|")
    for (library, row) in table.sorted(by: { $0.key.localizedStandardCompare($1.key) == .orderedAscending }) {
      let farthest = row.distances.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%g", $0.value))" }
      print(
        "| \(library) | \(row.models) | \(row.rows) | \(row.equal) | \(row.within) "
          + "| \(farthest.joined(separator: ", ")) | \(row.refused) | \(row.different) |")
    }
    let all = table.values.reduce(into: (models: 0, different: 0)) {
      $0 = ($0.models + $1.models, $0.different + $1.different)
    }
    print("\n\(all.models) models, \(all.different) differ")
    if all.different > 0 || all.models == 0 { exit(1) }
  }

  /// Scores a model both ways; what differs.
  private static func check(_ fixture: ModelFixture, _ row: inout Row) -> [String] {
    row.models += 1
    row.rows += fixture.rows.count
    do {
      let model = try ModelFormats.standard.read(fixture.bytes, name: fixture.file).model
      if let refused = fixture.refused {
        row.different += 1
        return ["it is read, and should be refused: \(refused)"]
      }
      let found = try [Scorer(model), Scorer.compiled(model)].map { try fixture.compare($0) }
      let differences = found.flatMap(\.differences)
      for (name, far) in found.flatMap(\.distances) { row.distances[name] = max(row.distances[name] ?? 0, far) }
      if !differences.isEmpty {
        row.different += 1
      } else if found.allSatisfy(\.distances.isEmpty) {
        row.equal += 1
      } else {
        row.within += 1
      }
      return differences
    } catch {
      let reason = "\(error)"
      if let refused = fixture.refused, reason.contains(refused) {
        row.refused += 1
        return []
      }
      row.different += 1
      return [reason]
    }
  }
}
