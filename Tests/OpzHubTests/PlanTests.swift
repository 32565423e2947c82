import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzHub

@Suite("fault plans")
struct PlanTests {
  @Test("YAML and JSON give the same plan")
  func read() throws {
    let yaml = """
      personality: ghcr
      limit: 1000
      faults:
        - fault: cut
          stage: during
          kind: upload-chunk
          path: /v2/crm/*
          at: 100
          skip: 1
          times: 3
        - {fault: 429-date, seconds: 1.5}
      """
    let json = """
      {"personality":"ghcr","limit":1000,"faults":[{"fault":"cut","stage":"during","kind":"upload-chunk","path":"/v2/crm/*",
      "at":100,"skip":1,"times":3},{"fault":"429-date","seconds":1.5}]}
      """
    let plan = try FaultPlan(yaml: yaml, subject: "")
    #expect(plan == (try FaultPlan(yaml: json, subject: "")))
    #expect(plan.faults?.count == 2 && plan.faults?[0].kind == .uploadChunk && plan.faults?[1].seconds == 1.5)
  }

  @Test(
    "mistakes are named",
    arguments: [
      ("", "empty"), ("[]", "not a mapping"), ("personality: none", "\"none\""),
      ("faults: [{fault: cutt}]", "\"cutt\""),
      ("faults: [{fault: cut, stage: never}]", "stage"), ("faults: [{stage: after}]", "faults.0.fault: missing"),
      ("fault: cut", "did you mean faults?"),
      ("faults: [{fault: cut, tmies: 3}]", "did you mean times?"), ("faults: [cut]", "where a mapping with"),
      ("faults: [{fault: cut, at: -1}]", "at"),
      ("faults: [{fault: cut, times: -1}]", "times"), ("faults: [{fault: stall, seconds: 1e9}]", "seconds"),
      ("faults: [{fault: stall, seconds: .nan}]", "infinity or not a number"),
      ("faults: [{fault: redirect-elsewhere, to: \"a\\r\\nb\"}]", "to"),
      ("personality: [", "faults.yaml:2: not valid YAML"), ("faults: [{fault: cut, kind: upload}]", "kind"),
      ("tokenSeconds: -1", "tokenSeconds"),
    ])
  func wrong(_ text: String, _ word: String) {
    let error = #expect(throws: HubError.self) { try FaultPlan(yaml: text, subject: "faults.yaml") }
    #expect(error?.code == .badFaults && error?.description.contains(word) == true, "\(String(describing: error))")
  }

  @Test("the schema and the page list all names")
  func documents() throws {
    let root = PackageRoot.path()
    let page = String(decoding: try FileBlob(root.appending("docs/reference/faults.md")).bytes(), as: UTF8.self)
    for fault in Fault.all {
      #expect(page.contains("| `\(fault.name)` | \(fault.stage) | \(fault.summary) |"), "\(fault.name)")
    }
    for one in RegistryProfile.all { #expect(page.contains("| `\(one.name)` | \(one.summary) |"), "\(one.name)") }
    let schema = String(decoding: try FileBlob(root.appending("registry/faults.schema.json")).bytes(), as: UTF8.self)
    let names = Fault.all.map(\.name) + RegistryProfile.all.map(\.name) + RequestKind.allCases.map(\.rawValue)
    for name in names + FaultStage.allCases.map(\.rawValue) { #expect(schema.contains("\"\(name)\""), "\(name)") }
  }

  @Test("the page about container registries names each profile, and only names that exist")
  func registries() throws {
    let page = String(
      decoding: try FileBlob(PackageRoot.path().appending("docs/reference/registries.md")).bytes(), as: UTF8.self)
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| registry |") }
    #expect(rows.count > 20)
    let known = Set(RegistryProfile.all.map(\.name) + Fault.all.map(\.name))
    var named: Set<String> = []
    for row in rows {
      let cells = row.split(separator: "|").map { $0.trimmingPrefix(" ") }
      try #require(cells.count == 5, "\(row)")
      let names = cells[4].split(separator: "`").filter { !$0.contains(" ") && !$0.isEmpty }.map(String.init)
      #expect(!names.isEmpty, "\(row)")
      for name in names where name.first?.isUppercase == false {
        #expect(known.contains(name), "\(name)")
        named.insert(name)
      }
      #expect(!cells[3].filter { $0 != " " }.isEmpty, "no source: \(row)")
    }
    #expect(
      named.isSuperset(of: RegistryProfile.all.map(\.name)),
      "\(Set(RegistryProfile.all.map(\.name)).subtracting(named))")
  }

  @Test(
    "options",
    arguments: [
      (["--registry", "r"], "127.0.0.1", 5000), (["--registry=r", "--listen", "localhost:0"], "127.0.0.1", 0),
      (["--registry", "r", "--listen", "[::1]:80"], "::1", 80),
      (["--registry", "r", "--listen", "0.0.0.0:80", "--insecure-anywhere"], "0.0.0.0", 80),
    ])
  func options(_ arguments: [String], _ host: String, port: Int) throws {
    let options = try HubOptions(arguments: arguments)
    #expect(options.host == host && options.port == port && options.registry == "r")
  }

  @Test(
    "options that are refused",
    arguments: [
      [], ["--registry"], ["--registry", "r", "--listen", "0.0.0.0:80"],
      ["--registry", "r", "--listen", "127.0.0.1.example:80"],
      ["--registry", "r", "--listen", "80"], ["--registry", "r", "--listen", "127.0.0.1:65536"],
      ["--registry", "r", "x"],
      ["--registry", "r", "--listen", "[::]:80"],
    ])
  func refused(_ arguments: [String]) {
    let error = #expect(throws: HubError.self) { try HubOptions(arguments: arguments) }
    #expect(error?.code == .badOption)
  }
}
