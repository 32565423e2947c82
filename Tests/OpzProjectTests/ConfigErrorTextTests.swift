import OpzOCI
import OpzYAML
import Testing

@testable import OpzProject

/// An invalid file and opz's error message.
struct BrokenConfig: Sendable, CustomTestStringConvertible {
  let title: String
  let yaml: String
  let text: String

  init(_ title: String, _ yaml: String, text: String) {
    self.title = title
    self.yaml = yaml
    self.text = text
  }

  /// The file is the smallest valid one followed by these lines, from line 4 on.
  static func more(_ title: String, _ yaml: String, text: String) -> BrokenConfig {
    BrokenConfig(title, ConfigReaderTests.minimal + yaml + "\n", text: text)
  }

  var testDescription: String { title }
}

@Suite("Invalid opz.yaml: the exact messages")
struct ConfigErrorTextTests {
  @Test(arguments: BrokenConfig.documents + BrokenConfig.top + BrokenConfig.parts + BrokenConfig.runtimes)
  func text(of broken: BrokenConfig) {
    let error = #expect(throws: ConfigError.self) { try ConfigReader.read(broken.yaml) }
    #expect(error?.description == broken.text)
    #expect(error?.category == .failed)
  }

  @Test func severalProblemsAreShownByLineWithTheirHints() {
    let error = #expect(throws: ConfigError.self) {
      try ConfigReader.read("opz: 1\nnmae: churn\nmodel: {path: ../m.json}\nversoin: 1.0.0\nenv: {1A: x}\n")
    }
    #expect(
      error?.description == """
        opz.yaml:1: name: missing (write name: churn, or name: team/churn)
        opz.yaml:2: nmae: unknown key (did you mean name?)
        opz.yaml:3: model.path: ../m.json leads out of the project (move opz.yaml to a directory above, or copy the file into the project)
        opz.yaml:4: versoin: unknown key (did you mean version?)
        opz.yaml:5: env.1A: not a name of an environment variable (use letters, digits and _)
        """)
  }

  @Test func tenProblemsAreShown() {
    let keys = (1...13).map { "unheardof\($0): x\n" }.joined()
    let error = #expect(throws: ConfigError.self) { try ConfigReader.read(ConfigReaderTests.minimal + keys) }
    let lines = error?.description.split(separator: "\n") ?? []
    #expect(lines.count == 11)
    #expect(lines.last == "and 3 more")
    #expect(error?.problems.count == 13)
  }
}
