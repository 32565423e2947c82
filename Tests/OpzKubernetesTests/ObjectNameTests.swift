import OpzIO
import OpzKubernetes
import OpzTestKit
import Testing

@Suite("ObjectName")
struct ObjectNameTests {
  /// The hashes come from `printf %s NAME | sha256sum`.
  @Test(
    "model names become Kubernetes names",
    arguments: [
      ("churn", "churn"), ("crm/churn_v2", "crm-churn-v2"), ("a.b", "a-b"), ("2fast", "m-2fast"), ("9", "m-9"),
      ("x9", "x9"),
      ("_a_", "a"), ("--a--", "a"), ("-9-", "m-9"), ("Churn", "hurn"), ("a\u{e9}b", "a--b"),
      (String(repeating: "a", count: 63), String(repeating: "a", count: 63)),
      (String(repeating: "a", count: 64), String(repeating: "a", count: 54) + "-ffe054fe"),
      (String(repeating: "9", count: 61), "m-" + String(repeating: "9", count: 61)),
      (String(repeating: "9", count: 63), "m-" + String(repeating: "9", count: 52) + "-480e2922"),
      (
        String(repeating: "a", count: 53) + "_____" + String(repeating: "b", count: 10),
        String(repeating: "a", count: 53) + "-816b1a24"
      ),
    ])
  func names(model: String, name: String) throws {
    #expect(try ObjectName.of(model: model) == name)
  }

  @Test("two long names with the same beginning become different valid names")
  func long() throws {
    let start = String(repeating: "team_", count: 20)
    let names = try (0..<1000).map { try ObjectName.of(model: "\(start)\($0)") }
    #expect(Set(names).count == 1000)
    for name in names { #expect(name.utf8.count == 63 && name.hasPrefix("team-team-")) }
  }

  @Test("random model names become names that Kubernetes accepts", arguments: [1, 2, 3] as [UInt64])
  func random(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let alphabet = Array("ab09._-/Z é")
    for _ in 0..<500 {
      let count = Int.random(in: 0...128, using: &generator)
      let model = "a" + String((0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
      let name = try ObjectName.of(model: model)
      // A Service's name starts with a letter, has letters, digits and -, and does not end with - (RFC 1035).
      #expect(name.wholeMatch(of: /[a-z]([a-z0-9-]{0,61}[a-z0-9])?/) != nil, "\(name)")
      let label = ObjectName.labelValue(model)
      #expect(label.wholeMatch(of: /([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?/) != nil, "\(label)")
    }
  }

  @Test("a model without a letter or digit has no name", arguments: ["", "-", "___", "...", "É"])
  func nameless(model: String) {
    #expect {
      try ObjectName.of(model: model)
    } throws: { error in
      "\(error)" == "name: \"\(model)\" has no character that a Kubernetes name may have"
    }
  }

  @Test(
    "names written by users", arguments: ["a", "0", "12", "prod", "a-b", "a--b", String(repeating: "a", count: 63)])
  func accepted(name: String) throws {
    try ObjectName.check(name, key: "--namespace")
  }

  @Test(
    "invalid names are refused",
    arguments: [
      "", "-", "-a", "a-", "A", "a_b", "a.b", "a b", "a/b", "a\n", "é", "\u{0}", String(repeating: "a", count: 64),
    ])
  func refused(name: String) {
    #expect {
      try ObjectName.check(name, key: "--namespace")
    } throws: { error in
      "\(error)" == """
        --namespace: "\(PrintableText.text(name))" is not a valid Kubernetes name

        hint: use at most 63 lower-case letters, digits and -
        """
    }
  }

  @Test(
    "versions become label values",
    arguments: [
      ("1.0.0", "1.0.0"), ("1.0.0-rc.1+build.5", "1.0.0-rc.1_build.5"), ("A_b-c.d", "A_b-c.d"), ("-1.", "1"), ("+", ""),
      ("", ""),
      (String(repeating: "1", count: 70), String(repeating: "1", count: 63)),
      (String(repeating: "1", count: 62) + ".1", String(repeating: "1", count: 62)),
    ])
  func labels(text: String, value: String) {
    #expect(ObjectName.labelValue(text) == value)
  }

  @Test("labels at their limits")
  func labelLimits() throws {
    let long = String(repeating: "a", count: 63)
    let domain = [long, long, long, String(repeating: "b", count: 61)].joined(separator: ".")
    for label in [["a": ""], [long: long], ["\(domain)/\(long)": "A_b.c-D"]] {
      #expect(throws: Never.self) { try ObjectName.checkLabels(label, key: "k") }
    }
    for label in [
      ["": "a"], [long + "a": ""], ["a": long + "a"], ["a/b/c": ""], ["/a": ""], ["A.b/c": ""], ["a": "é"], ["a": "a "],
    ] {
      #expect(throws: KubernetesError.self) { try ObjectName.checkLabels(label, key: "k") }
    }
  }

  @Test("names with versions are short enough, and different", arguments: [1, 20, 40, 63])
  func versions(length: Int) throws {
    let model = String(repeating: "m", count: length)
    let versions = ["1.0.0", "1.0.0-rc.1", "1.0.0-RC.1", "1.0.0+1", "1.0.0-1", "10.0.0", "1.0.1"]
    let names = try versions.map { try ObjectName.of(model: model, version: $0) }
    #expect(Set(names).count == names.count)
    for name in names { #expect(throws: Never.self) { try ObjectName.check(name, key: "k") } }
  }
}
