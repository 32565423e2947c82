import OpzIO
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Documents that name code")
struct DocumentTests {
  private static let custom =
    #"{"class_name": "Sequential", "config": {"layers": [{"module": "churn.layers", "class_name": "Encoder", "#
    + #""config": {}, "registered_name": "churn>Encoder"}]}}"#

  @Test("a custom class passes only if it is allowed by name")
  func allowed() {
    #expect(!FormatScan.report("config.json", DocumentTests.custom).isClean)
    #expect(FormatScan.report("config.json", DocumentTests.custom, allowed: ["churn.layers.Encoder"]).isClean)
    #expect(!FormatScan.report("config.json", DocumentTests.custom, allowed: ["churn.layer.*"]).isClean)
    let registered = #"{"class_name": "churn>Encoder", "config": {}}"#
    #expect(FormatScan.report("m.json", registered, allowed: ["churn.Encoder"]).isClean)
    let loader = "flavors:\n  python_function:\n    loader_module: mine.loader\n"
    #expect(!FormatScan.report("MLmodel", loader).isClean)
    #expect(FormatScan.report("MLmodel", loader, allowed: ["mine.loader"]).isClean)
    let target = "x:\n  _target_: mine.models.Net\n"
    #expect(FormatScan.report("c.yaml", target, allowed: ["mine.*"]).isClean)
    #expect(!FormatScan.report("c.yaml", "x:\n  _target_: os.system\n", allowed: ["mine.*"]).isClean)
  }

  @Test("the list of Keras' own classes has what models need, and nothing that runs its input")
  func names() {
    for name in [
      "Dense", "Sequential", "Functional", "Adam", "adam", "GlorotUniform", "L2", "AUC", "DTypePolicy", "StringLookup",
    ] {
      #expect(KerasNames.classes.contains(Substring(name)), "\(name)")
    }
    for name in [
      "Lambda", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer", "get_file", "LambdaCallback", "Map",
      "ResidualWrapper", "TFOpLambda", "TensorFlowOpLayer", "CustomObjectScope", "Merge",
    ] {
      #expect(!KerasNames.classes.contains(Substring(name)), "\(name)")
    }
    #expect(KerasNames.functions.contains("relu") && !KerasNames.functions.contains("get"))
  }

  @Test(
    "a document is read in any encoding that Python reads",
    arguments: [
      ([UInt8](), 1, false), ([0xEF, 0xBB, 0xBF], 1, false), ([0xFF, 0xFE], 2, false), ([0xFE, 0xFF], 2, true),
      ([], 2, false), ([], 2, true), ([], 4, false), ([], 4, true), ([0xFF, 0xFE, 0, 0], 4, false),
      ([0, 0, 0xFE, 0xFF], 4, true),
    ])
  func encodings(_ mark: [UInt8], _ width: Int, isBig: Bool) {
    let text = Array(#"{"class_name": "Lambda", "config": {}}"#.utf8)
    var bytes = mark
    for byte in text {
      let zeros = [UInt8](repeating: 0, count: width - 1)
      bytes += isBig ? zeros + [byte] : [byte] + zeros
    }
    #expect(JSONText.utf8(bytes, JSONText.encoding(bytes)) == text)
    #expect(!FormatScan.report("config.json", bytes).isClean)
  }

  @Test("an unreadable document that may be a model is an error; one that names no code is not")
  func unread() {
    let doubled = #"{"class_name": "Dense", "class_name": "Lambda", "config": {}}"#
    #expect(FormatScan.report("m.json", doubled).findings.map(\.rule) == [.unread])
    #expect(FormatScan.report("rows.json", #"{"a": 1, "a": 2}"#).isClean)
    #expect(!FormatScan.report("config.json", "{\"a\": ").isClean)
    #expect(FormatScan.report("notes.txt", "{ class_name } is what I called it").isClean)
    let nested = String(repeating: "[", count: 200_000)
    #expect(FormatScan.report("a.json", nested).isClean)
    #expect(!FormatScan.report("a.json", "{\"class_name\":" + nested).isClean)
  }

  @Test("a vocabulary too large to be read whole is clean; a model of that size is an error")
  func large() {
    var words = ""
    for number in 0..<1_000_000 { words += "\"word\(number) of a vocabulary\": \(number), " }
    let tokenizer = "{\"type\": \"BPE\", \"vocab\": {\"class_name\": 1, \"__class__\" : 2, \(words)\"x\": 3}}"
    #expect(tokenizer.utf8.count > 32 << 20)
    #expect(FormatScan.report("tokenizer.json", tokenizer).findings == [])
    let model = "{\"class_name\" : \"Lambda\", \"config\": {\(words)\"x\": 3}}"
    #expect(!FormatScan.report("model.json", model).isClean)
    let spaces = String(repeating: " ", count: 5 << 20)
    for text in [
      "{\"class_name\"\(spaces): \"Lambda\", \"config\": {}}", "{\"class_name\":\(spaces)\"Lambda\", \"config\": {}}",
    ] {
      #expect(!FormatScan.report("model.json", text).isClean)
    }
  }

  @Test(
    "paths that leave a directory",
    arguments: [
      ("../a", true), ("a/../../b", true), ("/etc/passwd", true), ("C:x", true), ("\\\\host\\a", true), ("~/a", true),
      ("file:///a", true), ("a\0b", true), ("a..b", false), ("model.onnx.data", false), ("a/b", false), ("", false),
    ])
  func paths(_ path: String, _ leaves: Bool) { #expect(EscapingPath.isOutside(path) == leaves) }

  @Test("YAML tags are found however they are written, and texts about them are not")
  func tags() {
    let tags = YAMLTagCase.all
    for (text, isBad) in tags { #expect(FormatScan.report("a.yaml", text).isClean != isBad, "\(text)") }
    #expect(FormatScan.report("README.md", "use !!python/object/apply:os.system never").isClean)
    #expect(!FormatScan.report("settings", "a: !!python/object/apply:os.system [x]").isClean)
  }
}

private enum YAMLTagCase {
  static let all: [(String, Bool)] = [
    ("a: !!python/object/apply:os.system [x]", true), ("a: !<tag:yaml.org,2002:python/name:os.system> ''", true),
    ("%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!name:os.system ''", true),
    ("a: !!python%2fname:os.system ''", true),
    ("a: 1\n---\nb: !!python/module:os ''\n---\nc: [", true), ("a: \"!!python/name:os.system\"", false),
    ("# !!python/name:os.system\na: 1", false), ("a: !!python/tuple [1, 2]", false), ("a: !!str 1", false),
    ("a: !Ref b", false), ("a: !!com.example.Evil {}", true),
  ]
}
