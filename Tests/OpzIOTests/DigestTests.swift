import OpzIO
import OpzTestKit
import Testing

@Suite("Digests")
struct DigestTests {
  // FIPS 180-4 examples, as published by NIST.
  @Test(
    "match the examples of the standard",
    arguments: [
      ("", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func standard(text: String, expected: String) {
    #expect(Digest.of(Array(text.utf8)).description == expected)
  }

  @Test("sha512 matches the standard")
  func sha512() {
    var hasher = DigestHasher(.sha512)
    hasher.update(Array("abc".utf8))
    #expect(
      hasher.finish().hex
        == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    )
  }

  /// Eight digits are read at once, so every byte is tried at each position.
  @Test("digits are 0-9 and a-f, at each of the 64 places", arguments: [0, 1, 7, 8, 15, 16, 31, 40, 62, 63])
  func places(place: Int) {
    for byte in UInt8.min...UInt8.max {
      var text = Array("0123456789abcdef00ff99aa5a6b7c8d0123456789abcdeffedcba9876543210".utf8)
      text[place] = byte
      let found = Digest(sha256Hex: text[...])
      let isDigit = (48...57).contains(byte) || (97...102).contains(byte)
      #expect((found != nil) == isDigit, "\(byte)")
      guard let found else { continue }
      #expect(found.hex == String(decoding: text, as: UTF8.self))
      var appended: [UInt8] = [1]
      found.appendHex(to: &appended)
      #expect(appended == [1] + text)
      #expect(Hex.encode(found.bytes) == found.hex)
      #expect(Digest(algorithm: .sha256, hex: found.hex) == found)
    }
  }

  @Test("do not depend on how the bytes are split", arguments: 0..<20)
  func cuts(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let bytes = random.bytes(Int.random(in: 0...5000, using: &random))
    var hasher = DigestHasher(.sha256)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = min(rest.count, Int.random(in: 1...700, using: &random))
      hasher.update(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    #expect(hasher.finish() == Digest.of(bytes))
  }

  @Test("can be read while hashing continues")
  func middle() {
    var hasher = DigestHasher()
    hasher.update(Array("ab".utf8))
    let first = hasher.finish()
    hasher.update(Array("c".utf8))
    #expect(first == Digest.of(Array("ab".utf8)))
    #expect(hasher.finish() == Digest.of(Array("abc".utf8)))
  }

  @Test(
    "any other text is refused",
    arguments: [
      "", "sha256", "sha256:", "sha256:abc", "sha256:" + String(repeating: "A", count: 64),
      "sha256:" + String(repeating: "g", count: 64), "sha256:" + String(repeating: "a", count: 63),
      "sha256:" + String(repeating: "a", count: 65), "sha512:" + String(repeating: "a", count: 64),
      "md5:" + String(repeating: "a", count: 32), "SHA256:" + String(repeating: "a", count: 64),
      "sha256:../../" + String(repeating: "a", count: 58), "sha256:" + String(repeating: "a", count: 63) + "\n",
      "sha256:" + String(repeating: "１", count: 64), "sha256:" + String(repeating: "a", count: 63) + "/",
    ])
  func refused(text: String) {
    #expect(Digest(text) == nil)
  }

  @Test("are parsed from their printed form")
  func roundTrip() throws {
    let digest = Digest.of([1, 2, 3])
    #expect(Digest(digest.description) == digest)
  }
}
