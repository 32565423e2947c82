import OpzFormats
import OpzModel
import Testing

@Suite("What a skops file says of its packages")
struct SkopsSchemaTests {
  private func schema(_ text: String) throws -> SkopsSchema { try SkopsSchema(Array(text.utf8), name: "model.skops") }

  @Test("keys in any order, with any spaces")
  func order() throws {
    let found = try schema(
      """
      {"content":{"content":{
        "_sklearn_version":{"content":"\\"1.5.2\\"","__loader__":"JsonNode","__module__":"builtins"},
        "w":[{"__module__":"lightgbm.sklearn"}]}},"__module__" :  "sklearn.pipeline","protocol":2}
      """)
    #expect(found.scikitLearn == "1.5.2" && found.modules == ["sklearn", "builtins", "lightgbm"])
  }

  @Test("a text of the model is no module and no version")
  func texts() throws {
    let found = try schema(
      #"""
      {"__module__": "sklearn.svm", "content": {
        "a": "\"__module__\": \"evil\"", "b": {"__module__": "evil name.x"}, "c": {"__module__": ""},
        "d": {"content": "\"_sklearn_version\": \"content\": \"9.9.9\""}, "_sklearn_version": "1.0.0",
        "e": {"_sklearn_version": {"content": "[1]"}}, "f": {"_sklearn_version": {"content": "\"1.4.0\""}}}}
      """#)
    #expect(found.scikitLearn == "1.4.0" && found.modules == ["sklearn"])
  }

  @Test("what is no JSON is damaged", arguments: ["", "{", "\"__module__\": \"a\"", "{\"a\": 1, \"a\": 2}"])
  func damaged(text: String) {
    let error = #expect(throws: ModelError.self) { try schema(text) }
    #expect(error?.code == .damaged && error?.hint != nil)
  }
}
