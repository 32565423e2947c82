import OpzJSON
import Testing

@Suite("Keys that only some readers find")
struct JSONShapeTests {
  private static let shape = JSONShape.object(
    ["config", "kind", "skip"],
    [
      .init("mediaType", .name), .init("layers", .list(.object(["size"]))),
      .init("annotations", .map(.object(["digest"]))),
    ])

  private func kind(_ text: String) -> JSONFailure.Kind? {
    do {
      _ = try JSONValue(json: Array(text.utf8), Self.shape)
      return nil
    } catch {
      return (error as? JSONFailure)?.kind
    }
  }

  @Test(
    "a key that differs from a known one only in case is refused, at every depth",
    arguments: [
      #"{"Config":1}"#, #"{"config":1,"CONFIG":2}"#, #"{"\u0043onfig":1}"#, "{\"\u{212A}ind\":1}", "{\"\u{17F}kip\":1}",
      #"{"\u017fkip":1}"#, #"{"\u212Aind":1}"#, "{\"\u{17F}\u{212A}ip\":1}", #"{"layers":[{"size":1},{"Size":2}]}"#,
      #"{"annotations":{"Any":{"Digest":1}}}"#, #"{"other":1,"Other":2}"#, #"{"mediatype":"x"}"#, #"{"mediaType":""}"#,
      "{\"σ\":1,\"ς\":2}", "{\"é\":1,\"É\":2}",
    ])
  func refused(_ text: String) { #expect(kind(text) == .ambiguous) }

  @Test(
    "known, unknown and custom keys are accepted",
    arguments: [
      #"{"config":1,"kind":2,"skip":3,"mediaType":"x","other":{"Config":1,"config":2}}"#, #"{"\u0063onfig":1}"#,
      #"{"annotations":{"a":{},"A":{"digest":1},"Config":{}}}"#, #"{"layers":[{"size":1,"x":2}]}"#, "[]", "1",
      #"{"layers":{"Size":1}}"#, #"{"mediaType":null}"#, "{\"ß\":1,\"ss\":2}", #"{"confi":1,"configs":2}"#,
    ])
  func taken(_ text: String) { #expect(kind(text) == nil) }
}
