import Foundation
import OpzFormats
import OpzIO
import OpzJSON
import OpzOCI
import SystemPackage
import Testing

@testable import OpzProject

@Suite("templates/opz.schema.json agrees with the reader")
struct ConfigSchemaTests {
  static let root: FilePath = {
    var path = FilePath(#filePath)
    for _ in 0..<3 { path.removeLastComponent() }
    return path
  }()

  static let schema = root.appending("templates/opz.schema.json")

  /// The result of Python's jsonschema for each document: "" for a valid one, else the first error.
  private func judge(_ documents: [String]) throws -> [String] {
    let script = """
      import json, sys, yaml
      from jsonschema import Draft202012Validator
      schema = json.load(open(sys.argv[1], encoding="utf-8"))
      Draft202012Validator.check_schema(schema)
      validator = Draft202012Validator(schema)
      def judge(text):
          try:
              value = yaml.safe_load(text)
          except (yaml.YAMLError, RecursionError, ValueError) as error:
              return "YAML: " + type(error).__name__
          error = next(iter(sorted(validator.iter_errors(value), key=lambda e: list(map(str, e.path)))), None)
          return "" if error is None else error.message[:200] or "?"
      print(json.dumps([judge(text) for text in json.load(sys.stdin)]))
      """
    let own = Self.root.appending(".build/test-python/bin/python").string
    let interpreter = ProcessInfo.processInfo.environment["OPZ_TEST_PYTHON"] ?? own
    try #require(try FileStatus.find(FilePath(interpreter)) != nil, "no \(interpreter): run scripts/test")
    let result = try ChildProcess.run(
      [interpreter, "-c", script, Self.schema.string], input: try CanonicalJSON.encode(documents))
    try #require(result.status == 0, "jsonschema did not run: \(result.errorText) (run scripts/test)")
    let verdicts = try JSONDecoder().decode([String].self, from: Data(result.output))
    try #require(verdicts.count == documents.count)
    return verdicts
  }

  @Test func validDocumentsAreValidForBoth() throws {
    let documents = ValidConfigs.all
    for (document, verdict) in try zip(documents, judge(documents)) {
      #expect(verdict == "", "the schema refuses\n\(document)")
      #expect(throws: Never.self, "the reader refuses\n\(document)") { try ConfigReader.read(document) }
    }
  }

  /// A schema cannot compare two values, and PyYAML reads some documents that opz refuses.
  static let beyondTheSchema: Set<String> = [
    "a key twice", "a key twice, once quoted", "a key twice below", "an anchor", "a tag", "a merge key", "a file twice",
    "a file in two layers", "min above max", "a day that never comes", "two schedules of a name", "a user out of range",
    "an init in front of opz-server", "iterations of another runtime", "unknown categories of another runtime",
    "an unknown model of the native runtime",
  ]

  @Test func wrongDocumentsAreWrongForBoth() throws {
    let broken = BrokenConfig.documents + BrokenConfig.top + BrokenConfig.parts + BrokenConfig.runtimes
    let wrong = broken.filter { !Self.beyondTheSchema.contains($0.title) }
    #expect(wrong.count >= 60)
    for (document, verdict) in try zip(wrong, judge(wrong.map(\.yaml))) {
      #expect(verdict != "", "the schema accepts \(document.title)")
    }
  }

  @Test func theKeysAreTheReaders() throws {
    let document = try CanonicalJSON.decode(
      JSONValue.self, from: FileBlob(Self.schema).bytes(), subject: "opz.schema.json")
    let schema = SchemaNode(document, root: document)
    var seen = 0
    for mapping in ConfigKeys.mappings {
      var node = schema
      for key in mapping.path.split(separator: ".") { node = try #require(node.properties[String(key)]?.resolved) }
      #expect(node.properties.keys.sorted() == mapping.keys.sorted(), "\(mapping.path)")
      #expect(node.isClosed, "\(mapping.path) allows other keys")
      for (key, child) in node.properties where child.resolved.isClosed {
        #expect(ConfigKeys.mappings.contains { $0.path == (mapping.path.isEmpty ? key : "\(mapping.path).\(key)") })
      }
      seen += node.properties.count
    }
    #expect(seen == ConfigKeys.mappings.map(\.keys.count).reduce(0, +))
  }

  @Test func theFormatsAreTheLists() throws {
    let document = try CanonicalJSON.decode(
      JSONValue.self, from: FileBlob(Self.schema).bytes(), subject: "opz.schema.json")
    let format = try #require(SchemaNode(document, root: document).properties["model"]?.properties["format"])
    #expect(format.choices == ["auto"] + ModelFormats.standard.readable.map(\.name) + ["unknown"])
  }

  @Test func everyKeyHasADescriptionForEditors() throws {
    let document = try CanonicalJSON.decode(
      JSONValue.self, from: FileBlob(Self.schema).bytes(), subject: "opz.schema.json")
    for (key, node) in SchemaNode(document, root: document).properties {
      #expect(node.description != nil || node.resolved.description != nil, "\(key)")
    }
  }
}

/// A place in a JSON Schema.
private struct SchemaNode {
  private let members: [String: JSONValue]
  private let root: JSONValue

  init(_ value: JSONValue, root: JSONValue) {
    if case .object(let members) = value { self.members = members } else { members = [:] }
    self.root = root
  }

  var properties: [String: SchemaNode] {
    guard case .object(let children)? = members["properties"] else { return [:] }
    return children.mapValues { SchemaNode($0, root: root) }
  }

  var isClosed: Bool { members["additionalProperties"] == .bool(false) }

  /// The texts of `enum`.
  var choices: [String] {
    guard case .array(let values)? = members["enum"] else { return [] }
    return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }

  var description: String? { if case .string(let text)? = members["description"] { text } else { nil } }

  /// What `$ref` points to.
  var resolved: SchemaNode {
    guard case .string(let reference)? = members["$ref"], case .object(let top) = root,
      case .object(let definitions)? = top["$defs"], let target = definitions[String(reference.dropFirst(8))]
    else { return self }
    return SchemaNode(target, root: root)
  }
}
