import OpzIO
import OpzModel
import Testing

@testable import OpzSQL

@Suite("Installed models")
struct InstallTests {
  private func names(_ name: String, _ dialect: SQLDialect = .postgresql) throws -> InstallNames {
    try InstallNames(parsing: name, schema: "public", dialect)
  }

  @Test("each version has a view of its own, whose name the database does not cut")
  func versions() throws {
    let digest = Digest.of([1])
    let own = try names("churn_score")
    #expect(own.view(version: "1.2.0", statement: digest).parts == ["public", "churn_score__1_2_0"])
    #expect(own.log.parts == ["public", "opz_installs"])
    let versions = [
      "1.2.0", "1.2.0-rc.1", "1.2.0-rc-1", "1.2.0+rc.1", "12.0.0", "1.20.0", "1.2.0-a", "1.2.0-A", "1.2.0--",
    ]
    for name in ["churn_score", String(repeating: "n", count: 63), String(repeating: "é", count: 31)] {
      let names = try names(name)
      var seen = Set(versions.map { names.view(version: $0, statement: digest).last.lowercased() })
      seen.insert(names.view(version: nil, statement: digest).last)
      seen.insert(names.view(version: "1.2.0", statement: digest, isOther: true).last)
      #expect(seen.count == versions.count + 2 && seen.allSatisfy { $0.utf8.count <= 63 }, "\(seen)")
    }
    for name in ["a.b.c", "", "a\"", String(repeating: "n", count: 64)] {
      #expect(throws: SQLError.self) { try names(name) }
    }
  }

  private func entry(_ number: Int, _ action: InstallEntry.Action, view: String) -> InstallEntry {
    var entry = InstallEntry(
      name: "n", action: action, view: view, model: view, image: "", statement: view, actor: "tester")
    entry.number = number
    return entry
  }

  @Test("a rollback goes one back, and another one further")
  func course() {
    var entries = [entry(1, .installed, view: "a"), entry(2, .installed, view: "b"), entry(3, .installed, view: "c")]
    #expect(InstallLog(entries).current?.view == "c" && InstallLog(entries).previous?.view == "b")
    entries.append(entry(4, .rolledBack, view: "b"))
    #expect(InstallLog(entries).current?.view == "b" && InstallLog(entries).previous?.view == "a")
    entries.append(entry(5, .installed, view: "d"))
    #expect(InstallLog(entries).course.map(\.view) == ["a", "b", "d"])
    #expect(InstallLog(entries.reversed()).views == ["a", "b", "c", "d"])
    entries.append(entry(6, .uninstalled, view: "d"))
    #expect(InstallLog(entries).current == nil && InstallLog(entries).views.isEmpty)
    #expect(InstallLog(entries).since?.number == 5)
    #expect(InstallEntry(["1", "id", "n", "stolen", "v", "m", "", "s", "at", "who"]) == nil)
    #expect(InstallEntry(["x", "id", "n", "installed", "v", "m", "", "s", "at", "who"]) == nil)
    #expect(InstallEntry([nil]) == nil)
  }

  @Test("scores are compared: flips, what appears and vanishes, the largest changes")
  func difference() {
    var difference = ScoreDifference(.probability)
    difference.add(key: ["1"], old: ["0.4"], new: ["0.6"])
    difference.add(key: ["2"], old: ["0.4"], new: ["0.4"])
    difference.add(key: ["3"], old: [nil], new: ["0.9"])
    difference.add(key: ["4"], old: ["0.9"], new: [nil])
    difference.add(key: ["5"], old: nil, new: ["0.2"])
    difference.add(key: ["6"], old: ["NaN"], new: ["NaN"])
    difference.add(key: ["7"], old: ["0.125"], new: ["0.375"])
    #expect((difference.rows, difference.compared, difference.equal) == (7, 6, 2))
    #expect(difference.appeared == 1 && difference.vanished == 1 && difference.flips == 3)
    #expect(difference.largest.map(\.key) == [["7"], ["1"]] && difference.largestChange == 0.25)
    #expect(difference.quantiles.first?.before == 0.125 && difference.quantiles.last?.after == 0.9)
    var limits = ScoreLimits()
    #expect(limits.refusal(of: difference) == nil)
    limits.flips = 0.5
    #expect(limits.refusal(of: difference) == nil)
    limits.flips = 0.49
    #expect(limits.refusal(of: difference) != nil)
    limits = ScoreLimits()
    limits.change = 100
    #expect(limits.refusal(of: difference)?.contains("had a score and have none") == true)
  }

  @Test("of several columns the largest is the label, and texts are compared as they are")
  func labels() {
    var classes = ScoreDifference(.probability)
    classes.add(key: ["1"], old: ["0.2", "0.5", "0.3"], new: ["0.2", "0.3", "0.5"])
    classes.add(key: ["2"], old: ["0.2", "0.5", "0.3"], new: ["0.1", "0.6", "0.3"])
    #expect(classes.flips == 1 && classes.largestChange > 0.19)
    var labels = ScoreDifference(.label)
    labels.add(key: ["1"], old: ["no"], new: ["yes"])
    labels.add(key: ["2"], old: ["no"], new: ["no"])
    labels.add(key: ["3"], old: [nil], new: ["no"])
    #expect(labels.flips == 2 && labels.equal == 1 && labels.quantiles.isEmpty)
    var numbers = ScoreDifference(.prediction)
    numbers.add(key: ["1"], old: ["inf"], new: ["1e308"])
    numbers.add(key: ["2"], old: ["-1.7e308"], new: ["1.7e308"])
    #expect(numbers.largestChange == .greatestFiniteMagnitude && numbers.meanChange == nil)
    #expect(numbers.flips == 0 && !numbers.tellsLabels(columns: 1))
    #expect(!ScoreDifference(.leaf).tellsLabels(columns: 3))
  }
}
