import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzTrust

/// The program `openssl`, with files of the test's own.
struct OpenSSL {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @discardableResult
  func callAsFunction(_ arguments: String..., fails: Bool = false) throws -> String {
    let result = try ChildProcess.run(["openssl"] + arguments, directory: directory.path)
    try #require((result.status != 0) == fails, "openssl \(arguments): \(result.errorText)")
    return result.text
  }

  func bytes(_ name: String) throws -> [UInt8] { try FileBlob(directory.path.appending(name)).bytes() }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Durable.replace(directory.path.appending(name), with: bytes)
  }

  /// Writes `key.pem` and `pub.pem`.
  func generate(_ kind: PublicKey.Kind) throws {
    if kind == .ed25519 {
      try self("genpkey", "-algorithm", "ED25519", "-out", "key.pem")
    } else {
      try self("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem")
    }
    try self("pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem")
  }

  /// Whether openssl accepts `sig` as a signature of `message` by the key `pub.pem`.
  func verifies(_ kind: PublicKey.Kind) throws -> Bool {
    let check =
      kind == .ed25519
      ? ["pkeyutl", "-verify", "-pubin", "-inkey", "pub.pem", "-rawin", "-in", "message", "-sigfile", "sig"]
      : ["dgst", "-sha256", "-verify", "pub.pem", "-signature", "sig", "message"]
    return try ChildProcess.run(["openssl"] + check, directory: directory.path).status == 0
  }

  func sign(_ kind: PublicKey.Kind) throws {
    if kind == .ed25519 {
      try self("pkeyutl", "-sign", "-inkey", "key.pem", "-rawin", "-in", "message", "-out", "sig")
    } else {
      try self("dgst", "-sha256", "-sign", "key.pem", "-out", "sig", "message")
    }
  }
}

@Suite("Keys, compared with the program openssl")
struct KeyTests {
  static let kinds: [PublicKey.Kind] = [.ecdsaP256, .ed25519]
  let openssl: OpenSSL

  init() throws { openssl = try OpenSSL() }

  @Test("openssl verifies our signatures, we verify openssl's, and neither accepts another message", arguments: kinds)
  func interoperate(_ kind: PublicKey.Kind) throws {
    try openssl.generate(kind)
    let key = try PrivateKey(pem: openssl.bytes("key.pem"), name: "key") { nil }
    let open = try PublicKey(pem: openssl.bytes("pub.pem"), name: "pub")
    #expect(key.publicKey == open && open.kind == kind)
    #expect(Array(open.pem.utf8) == (try openssl.bytes("pub.pem")))
    for message in [[], Array("hello".utf8), [UInt8](repeating: 7, count: 100_000)] {
      try openssl.write("message", message)
      let signature = try key.sign(message)
      try openssl.write("sig", signature)
      // openssl's pkeyutl refuses an empty file.
      if !message.isEmpty { #expect(try openssl.verifies(kind)) }
      #expect(open.verifies(signature, of: message) && !open.verifies(signature, of: message + [1]))
      guard !message.isEmpty else { continue }
      try openssl.sign(kind)
      #expect(open.verifies(try openssl.bytes("sig"), of: message))
      var changed = try openssl.bytes("sig")
      changed[changed.count / 2] ^= 1
      #expect(!open.verifies(changed, of: message) && !open.verifies([], of: message))
    }
    #expect(try key.sign([1]) == key.sign([1]) || kind == .ecdsaP256)
    #expect(!(try PrivateKey.generate(kind).publicKey.verifies(key.sign([1]), of: [1])))
  }

  @Test("openssl reads our keys, encrypted or not", arguments: kinds, [nil, "a password"])
  func generate(_ kind: PublicKey.Kind, _ password: String?) throws {
    let key = try PrivateKey.generate(kind)
    try openssl.write("key.pem", key.pem(password: password.map { Array($0.utf8) }))
    let text = String(decoding: try openssl.bytes("key.pem"), as: UTF8.self)
    #expect(text.hasPrefix(password == nil ? "-----BEGIN PRIVATE KEY-----" : "-----BEGIN ENCRYPTED PRIVATE KEY-----"))
    #expect(try openssl("pkey", "-in", "key.pem", "-passin", "pass:\(password ?? "")", "-pubout") == key.publicKey.pem)
    let again = try PrivateKey(pem: openssl.bytes("key.pem"), name: "key") { password.map { Array($0.utf8) } }
    #expect(again.publicKey == key.publicKey)
    guard password != nil else { return }
    for wrong in ["b password", ""] as [String] {
      #expect(throws: TrustError.self) {
        try PrivateKey(pem: openssl.bytes("key.pem"), name: "key") { Array(wrong.utf8) }
      }
    }
    let error = #expect(throws: TrustError.self) { try PrivateKey(pem: openssl.bytes("key.pem"), name: "key") { nil } }
    #expect(error?.hint?.contains("OPZ_KEY_PASSWORD") == true)
  }

  @Test("the older format of EC keys is read too")
  func sec1() throws {
    try openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", "old.pem")
    #expect(try PrivateKey(pem: openssl.bytes("old.pem"), name: "key") { nil }.publicKey.kind == .ecdsaP256)
  }

  @Test(
    "a key is the same key, however its file encodes the point and the curve",
    arguments: [["-conv_form", "compressed"], ["-conv_form", "hybrid"], ["-param_enc", "explicit"]])
  func forms(_ form: [String]) throws {
    try openssl.generate(.ecdsaP256)
    let path = openssl.directory.path
    for (input, output, more) in [("key.pem", "other.pem", []), ("pub.pem", "other.pub", ["-pubin", "-pubout"])] {
      let made = try ChildProcess.run(
        ["openssl", "ec", "-in", input, "-out", output] + form + more, directory: path)
      try #require(made.status == 0, "\(made.errorText)")
    }
    let bytes = try openssl.bytes("other.pub")
    let plain = try PublicKey(pem: openssl.bytes("pub.pem"), name: "x")
    #expect(bytes != Array(plain.pem.utf8))
    let other = try PublicKey(pem: bytes, name: "x")
    #expect(other == plain && other.fingerprint == plain.fingerprint && other.pem == plain.pem)
    #expect(other.hint == plain.hint)
    let secret = try PrivateKey(pem: openssl.bytes("other.pem"), name: "x") { nil }
    #expect(secret.publicKey == plain)
    #expect(try plain.verifies(secret.sign([1, 2]), of: [1, 2]))
  }

  @Test(
    "a key in another encoding is named as such",
    arguments: [
      ([0xEF, 0xBB, 0xBF], false, "byte order mark"), ([0xFF, 0xFE], true, "UTF-16"), ([], true, "UTF-16"),
    ] as [([UInt8], Bool, String)])
  func encodings(_ mark: [UInt8], _ isWide: Bool, word: String) throws {
    let pem = Array(try PrivateKey.generate(.ecdsaP256).publicKey.pem.utf8)
    let bytes = mark + (isWide ? pem.flatMap { [$0, 0] } : pem)
    let error = #expect(throws: TrustError.self) { try PublicKey(pem: bytes, name: "x") }
    #expect(error?.reason.contains(word) == true && error?.hint?.contains("UTF-8") == true)
  }

  @Test(
    "keys of other kinds are refused by name",
    arguments: [
      ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
      ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], ["genpkey", "-algorithm", "ED448"],
      ["genpkey", "-algorithm", "X25519"], ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
    ])
  func others(_ arguments: [String]) throws {
    let made = try ChildProcess.run(["openssl"] + arguments + ["-out", "key.pem"], directory: openssl.directory.path)
    try #require(made.status == 0, "\(made.errorText)")
    try openssl("pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem")
    for read in [
      { _ = try PublicKey(pem: openssl.bytes("pub.pem"), name: "x") },
      { _ = try PrivateKey(pem: openssl.bytes("key.pem"), name: "x") { nil } },
    ] {
      let error = #expect(throws: TrustError.self) { try read() }
      #expect(error?.reason.contains("P-256") == true)
    }
  }

  @Test(
    "what is not a key is refused, and nothing traps",
    arguments: [
      "", "hello", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
      "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n",
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
      "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
    ])
  func malformed(_ text: String) throws {
    let public_ = #expect(throws: TrustError.self) { try PublicKey(pem: Array(text.utf8), name: "x") }
    let private_ = #expect(throws: TrustError.self) { try PrivateKey(pem: Array(text.utf8), name: "x") { [1] } }
    #expect(public_?.code == .badKey && private_?.code == .badKey)
  }

  @Test("a key file that is truncated or changed in a byte is a key or an error")
  func fuzz() throws {
    let pem = Array(try PrivateKey.generate(.ecdsaP256).publicKey.pem.utf8)
    var random = SeededGenerator(seed: 7)
    for cut in 0..<pem.count { _ = try? PublicKey(pem: Array(pem.prefix(cut)), name: "x") }
    for _ in 0..<2000 {
      var changed = pem
      changed[Int.random(in: 0..<pem.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = try? PublicKey(pem: changed, name: "x")
    }
  }

  @Test("a file with two keys is refused, because readers would choose different ones")
  func two() throws {
    let pem = try PrivateKey.generate(.ed25519).publicKey.pem + PrivateKey.generate(.ed25519).publicKey.pem
    #expect(throws: TrustError.self) { try PublicKey(pem: Array(pem.utf8), name: "x") }
  }
}
