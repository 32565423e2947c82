import OpzIO
import OpzTestKit
import Testing

@Suite("Base64")
struct Base64Tests {
  @Test(
    "the examples of RFC 4648",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ])
  func examples(_ text: String, _ encoded: String) {
    #expect(Base64.encode(text.utf8) == encoded)
    #expect(Base64.decode(encoded) == Array(text.utf8))
  }

  @Test("any bytes come back, as coreutils' base64 has them too")
  func random() throws {
    var random = SeededGenerator(seed: 4648)
    for count in 0..<100 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
    let bytes = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let run = try ChildProcess.run(["base64", "-w0"], input: bytes)
    #expect(run.text == Base64.encode(bytes))
  }

  @Test("the URL-safe alphabet is read") func urlSafe() { #expect(Base64.decode("-_-_") == [0xfb, 0xff, 0xbf]) }

  @Test(
    "what is not base64 is refused",
    arguments: ["Z", "Zg", "Zg=", "Zg===", "=", "====", "Zm9v\n", "Zm 9v", "Zg==Zg==", "Zmé="])
  func refused(_ text: String) { #expect(Base64.decode(text) == nil) }
}
