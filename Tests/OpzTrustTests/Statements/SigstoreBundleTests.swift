import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Sigstore bundles of all versions")
struct SigstoreBundleTests {
  let store = MemoryStore()
  let key: PrivateKey
  let image: Descriptor
  let manifest: [UInt8]

  init() throws {
    key = try PrivateKey.generate(.ecdsaP256)
    manifest = try Manifest(Manifest.Content(config: .emptyConfig, layers: [])).raw
    image = Descriptor.of(manifest, .imageManifest)
  }

  /// The evidence read from one attached layer.
  func evidence(_ bytes: [UInt8], _ type: MediaType = SigstoreBundle.mediaType, now: Timestamp = .now()) async throws
    -> Evidence
  {
    try await store.put(.emptyConfig, from: BytesBlob(Array("{}".utf8)))
    try await store.put(image, from: BytesBlob(manifest))
    let layer = Descriptor.of(bytes, type)
    try await store.put(layer, from: BytesBlob(bytes))
    let attachment = try Manifest(
      Manifest.Content(artifactType: type, config: .emptyConfig, layers: [layer], subject: image))
    try await store.put(attachment.descriptor, from: BytesBlob(attachment.raw))
    let all = try await Evidence.all(in: attachment.descriptor, about: image.digest, now: now, from: store)
    return try #require(all.count == 1 ? all.first : nil)
  }

  func statement(_ type: String = "https://in-toto.io/Statement/v1", _ predicate: String = "{}") -> [UInt8] {
    Array(
      """
      {"_type":"\(type)","subject":[{"name":"a","digest":{"sha256":"\(image.digest.hex)"}}],\
      "predicateType":"\(PredicateType.signature.uri)","predicate":\(predicate)}
      """.utf8)
  }

  func envelope(_ payload: [UInt8]) throws -> JSONValue {
    try DSSEEnvelope(signing: payload, DSSEEnvelope.inToto, with: [key]).document
  }

  /// The members of a complete bundle.
  func members(_ payload: [UInt8]? = nil) throws -> [String: JSONValue] {
    [
      "mediaType": .string(SigstoreBundle.mediaType.rawValue), "dsseEnvelope": try envelope(payload ?? statement()),
      "verificationMaterial": .object(["publicKey": .object(["hint": "x"])]),
    ]
  }

  func message(_ artifact: [UInt8], stating other: [UInt8]? = nil, _ algorithm: String = "SHA2_256") throws -> JSONValue
  {
    .object([
      "messageDigest": .object([
        "algorithm": .string(algorithm), "digest": .string(Base64.encode(Digest.of(other ?? artifact).bytes)),
      ]),
      "signature": .string(Base64.encode(try key.sign(artifact))),
    ])
  }

  @Test(
    "all versions and spellings of the media type in the specification are read, in layer and document",
    arguments: [
      "application/vnd.dev.sigstore.bundle+json;version=0.1", "application/vnd.dev.sigstore.bundle+json;version=0.2",
      "application/vnd.dev.sigstore.bundle+json;version=0.3", "application/vnd.dev.sigstore.bundle.v0.3+json",
    ])
  func versions(_ type: String) async throws {
    var members = try members()
    members["mediaType"] = .string(type)
    for layer in [MediaType(type), SigstoreBundle.mediaType] {
      let found = try await evidence(CanonicalJSON.encode(JSONValue.object(members)), layer)
      #expect(found.isSigned(by: key.publicKey, as: .signature))
    }
  }

  @Test(
    "other versions are not read",
    arguments: [
      "application/vnd.dev.sigstore.bundle+json;version=0.4", "application/vnd.dev.sigstore.bundle.v0.4+json",
      "application/vnd.dev.sigstore.bundle+json", "application/vnd.dev.sigstore.bundle.v0.3", "",
    ])
  func otherVersions(_ type: String) async throws {
    var members = try members()
    members["mediaType"] = .string(type)
    let found = try await evidence(CanonicalJSON.encode(JSONValue.object(members)))
    #expect(!found.isSigned(by: key.publicKey) && found.problem?.contains("0.1, 0.2 or 0.3") == true)
  }

  @Test(
    "in-toto's Statement v0.1 is read like v1, no other is", arguments: [("v0.1", true), ("v1", true), ("v2", false)])
  func statements(_ version: String, _ isRead: Bool) async throws {
    let payload = statement("https://in-toto.io/Statement/\(version)")
    let found = try await evidence(CanonicalJSON.encode(JSONValue.object(members(payload))))
    #expect(found.isSigned(by: key.publicKey, as: .signature) == isRead)
  }

  @Test("a signature over the manifest itself counts, one over anything else does not")
  func messages() async throws {
    var members = try members()
    members["dsseEnvelope"] = nil
    func read(_ message: JSONValue) async throws -> Evidence {
      members["messageSignature"] = message
      return try await evidence(CanonicalJSON.encode(JSONValue.object(members)))
    }
    let found = try await read(message(manifest))
    #expect(found.isSigned(by: key.publicKey, as: .signature) && found.isSigned(by: key.publicKey))
    #expect(!found.isSigned(by: key.publicKey, as: .provenance))
    #expect(!found.isSigned(by: try PrivateKey.generate(.ecdsaP256).publicKey))
    #expect(found.kind.hasPrefix("signature"))
    let stated = try message(manifest)
    var plain = try #require(stated.object)
    plain["messageDigest"] = nil
    #expect(try await read(.object(plain)).isSigned(by: key.publicKey))
    let wrong = [
      try message([1]), try message(manifest, stating: [1]), try message([1], stating: manifest),
      try message(Array(image.digest.description.utf8), stating: manifest), try message(manifest, "SHA3_256"),
      try message(manifest, "SHA2_512"), .object([:]), "x", .object(["signature": ""]), .object(["signature": "!"]),
    ]
    for message in wrong { #expect(!(try await read(message).isSigned(by: key.publicKey)), "\(message)") }
  }

  @Test("openssl's signature of a manifest counts in a bundle")
  func openssl() async throws {
    let openssl = try OpenSSL()
    try openssl.generate(.ecdsaP256)
    try openssl.write("message", manifest)
    try openssl.sign(.ecdsaP256)
    let text = """
      {"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":""}},
      "messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"\(Base64.encode(image.digest.bytes))"},
      "signature":"\(Base64.encode(try openssl.bytes("sig")))"}}
      """
    let found = try await evidence(Array(text.utf8))
    #expect(found.isSigned(by: try PublicKey(pem: openssl.bytes("pub.pem"), name: "x"), as: .signature))
  }

  @Test("a bundle with two contents, in any spelling, or with none is refused")
  func contents() async throws {
    let whole = try members()
    let cases: [(String, [String: JSONValue])] = [
      ("both", ["messageSignature": try message(manifest)]),
      ("an underscore", ["message_signature": try message(manifest)]),
      ("twice by spelling", ["dsse_envelope": try envelope(statement())]),
      ("another case", ["messagesignature": try message(manifest)]), ("none", ["dsseEnvelope": .null]),
      ("a second type", ["media_type": "x"]),
    ]
    for (what, more) in cases {
      let bytes = try CanonicalJSON.encode(JSONValue.object(whole.merging(more) { $1 }))
      let found = try await evidence(bytes)
      #expect(!found.isSigned(by: key.publicKey) && found.problem != nil, "\(what)")
    }
    let text = String(decoding: try CanonicalJSON.encode(JSONValue.object(whole)), as: UTF8.self)
    let envelope = String(decoding: try CanonicalJSON.encode(envelope(statement())), as: UTF8.self)
    let doubled = text.replacing("{\"dsseEnvelope\":", with: "{\"dsseEnvelope\":\(envelope),\"dsseEnvelope\":")
    #expect(try await evidence(Array(doubled.utf8)).problem?.contains("duplicate key") == true)
    // In protobuf's JSON, a null field is the same as a missing one.
    let null = try CanonicalJSON.encode(JSONValue.object(whole.merging(["messageSignature": .null]) { $1 }))
    #expect(try await evidence(null).isSigned(by: key.publicKey))
  }

  @Test("a bad signature does not affect a good one, whatever its position")
  func signatures() async throws {
    let whole = try members()
    guard let good = whole["dsseEnvelope"]?["signatures"]?.array else {
      throw TrustError(.malformed, "x", reason: "none")
    }
    let bad: [JSONValue] = [
      .object(["sig": "!"]), .object([:]), .object(["sig": .string(Base64.encode([1, 2, 3]))]), .integer(1),
      .object(["sig": .string(Base64.encode(try PrivateKey.generate(.ed25519).sign([1])))]),
    ]
    func signed(_ signatures: [JSONValue]) async throws -> Bool {
      var envelope = try #require(whole["dsseEnvelope"]?.object)
      envelope["signatures"] = .array(signatures)
      let bytes = try CanonicalJSON.encode(JSONValue.object(whole.merging(["dsseEnvelope": .object(envelope)]) { $1 }))
      return try await evidence(bytes).isSigned(by: key.publicKey, as: .signature)
    }
    for other in bad {
      #expect(try await signed([other] + good))
      #expect(try await signed(good + [other]))
      #expect(!(try await signed([other])))
    }
    #expect(!(try await signed([])))
  }

  @Test("a time in the future, in the log or the predicate, makes it unreadable")
  func future() async throws {
    let now = try #require(Timestamp("2026-05-03T12:00:00Z"))
    func entry(_ time: JSONValue) throws -> [UInt8] {
      var members = try members()
      members["verificationMaterial"] = .object(["tlogEntries": .array([.object(["integratedTime": time])])])
      return try CanonicalJSON.encode(JSONValue.object(members))
    }
    let seconds = now.milliseconds / 1000
    for (time, isRead) in [
      (JSONValue.string("\(seconds)"), true), (.integer(seconds), true), (.string("\(seconds + 299)"), true),
      (.string("\(seconds + 3600)"), false), (.integer(seconds + 3600), false), (.string("soon"), false),
      (.string("9223372036854775807"), false), (.integer(.min), false), (.number(1e300), false),
    ] {
      let found = try await evidence(entry(time), now: now)
      #expect(found.isSigned(by: key.publicKey) == isRead, "\(time): \(found.problem ?? "")")
    }
    let predicates = [
      (PredicateType.provenance, #"{"runDetails":{"metadata":{"finishedOn":"TIME"}}}"#),
      (.vulnerabilities, #"{"metadata":{"scanFinishedOn":"TIME"}}"#),
    ]
    for (type, predicate) in predicates {
      for (time, isRead) in [
        ("2026-05-03T12:00:00Z", true), ("2026-05-03T14:00:00+02:00", true), ("2026-05-03T13:00:00Z", false),
        ("2026-05-03T12:00:00-02:00", false), ("9999-12-31T23:59:59Z", false), ("tomorrow", false),
      ] {
        let payload = String(decoding: statement(), as: UTF8.self)
          .replacing(PredicateType.signature.uri, with: type.uri)
          .replacing("\"predicate\":{}", with: "\"predicate\":\(predicate.replacing("TIME", with: time))")
        let found = try await evidence(CanonicalJSON.encode(JSONValue.object(members(Array(payload.utf8)))), now: now)
        #expect(found.isSigned(by: key.publicKey, as: type) == isRead, "\(type) \(time) \(found.problem ?? "")")
      }
    }
  }

  @Test(
    "the bytes of a predicate are signed and read back unchanged",
    arguments: [
      "{}", #"{ "b" : 1.0, "a":1e2, "big":123456789012345678901234567890, "e":"\\u00e9\\/" }"#, "[1, 2]", "null",
      "0.10", "\n{}\n",
    ])
  func bytes(_ predicate: String) throws {
    let made = try Statement(
      about: [.init(image.digest, name: "a")], "https://example.com/x", Array(predicate.utf8), subject: "x")
    #expect(String(decoding: made.payload, as: UTF8.self).contains("\"predicate\":\(predicate),"))
    let read = try Statement(made.payload, subject: "x")
    let space: Set<Character> = [" ", "\n"]
    let trimmed = predicate.drop { space.contains($0) }.reversed().drop { space.contains($0) }.reversed()
    #expect(String(decoding: read.predicateBytes, as: UTF8.self) == String(trimmed))
    #expect(read.payload == made.payload && read == made && read.subjects == [image.digest])
  }

  @Test(
    "anything but a single JSON value is not a predicate",
    arguments: ["", "{", "{},\"x\":1", "{}}", "1 2", "{}//", "\u{FEFF}{}"])
  func injections(_ predicate: String) {
    #expect(throws: TrustError.self) {
      try Statement(
        about: [.init(image.digest, name: "a")], "https://example.com/x", Array(predicate.utf8), subject: "x")
    }
  }

  @Test(
    "documents in another encoding are named as such",
    arguments: [
      (Array("{}".utf8).flatMap { [$0, 0] }, "UTF-16"), ([0xFF, 0xFE, 0x7B, 0, 0x7D, 0], "UTF-16"),
      ([0xFE, 0xFF, 0, 0x7B, 0, 0x7D], "UTF-16"), ([0xEF, 0xBB, 0xBF, 0x7B, 0x7D], "byte order mark"),
    ] as [([UInt8], String)])
  func encodings(_ bytes: [UInt8], _ word: String) {
    for read in [
      { _ = try StrictJSON.read(bytes, subject: "x") }, { _ = try SigstoreBundle(bytes, subject: "x") },
      { _ = try Statement(bytes, subject: "x") },
      { _ = try Statement(about: [.init(image.digest, name: "a")], "a:b", bytes, subject: "x") },
    ] {
      let error = #expect(throws: TrustError.self) { try read() }
      #expect(error?.reason.contains(word) == true)
    }
  }
}
