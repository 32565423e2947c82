import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Signed statements about an image")
struct EvidenceTests {
  let store = MemoryStore()
  let image = Digest.of(Array("image".utf8))
  let other = Digest.of(Array("another".utf8))
  let key: PrivateKey
  let stranger: PrivateKey

  init() throws {
    key = try PrivateKey.generate(.ecdsaP256)
    stranger = try PrivateKey.generate(.ed25519)
  }

  /// Attaches layers to `image`, and reads them back.
  func parts(
    _ layers: [(MediaType, [UInt8], [String: String])], _ type: MediaType = SigstoreBundle.mediaType,
    subject: Digest? = nil
  ) async throws -> [Evidence] {
    try await store.put(.emptyConfig, from: BytesBlob(Array("{}".utf8)))
    var descriptors: [Descriptor] = []
    for (media, bytes, annotations) in layers {
      var descriptor = Descriptor.of(bytes, media)
      try await store.put(descriptor, from: BytesBlob(bytes))
      if !annotations.isEmpty { descriptor.annotations = annotations }
      descriptors.append(descriptor)
    }
    let manifest = try Manifest(
      Manifest.Content(
        artifactType: type, config: .emptyConfig, layers: descriptors,
        subject: Descriptor(mediaType: .imageManifest, digest: subject ?? image, size: 1)))
    try await store.put(manifest.descriptor, from: BytesBlob(manifest.raw))
    return try await Evidence.all(in: manifest.descriptor, about: image, from: store)
  }

  /// The same, for an attachment with one part.
  func evidence(
    _ layers: [(MediaType, [UInt8], [String: String])], _ type: MediaType = SigstoreBundle.mediaType,
    subject: Digest? = nil
  ) async throws -> Evidence {
    let all = try await parts(layers, type, subject: subject)
    #expect(all.count == 1)
    return all[0]
  }

  func bundle(
    _ type: PredicateType = .signature, about: Digest? = nil, by signer: PrivateKey? = nil,
    payloadType: String = DSSEEnvelope.inToto
  ) throws -> [UInt8] {
    let signer = signer ?? key
    let predicate: JSONValue =
      type == .billOfMaterials ? try StrictJSON.read(bill(of: image), subject: "x") : .object([:])
    let statement = try Statement(about: about ?? image, name: "a", type.uri, predicate)
    return try SigstoreBundle(
      DSSEEnvelope(signing: statement.payload, payloadType, with: [signer]), by: signer.publicKey
    ).encode()
  }

  /// The smallest bill of materials of an image.
  func bill(of image: Digest) -> [UInt8] {
    Array(
      """
      {"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"file","name":"x"}],
      "metadata":{"component":{"type":"container","name":"a","purl":"pkg:oci/a@\(image)"}}}
      """.utf8)
  }

  @Test("the pre-authentication encoding is the one of the DSSE specification")
  func encoding() {
    let message = DSSEEnvelope.encode("http://example.com/HelloWorld", Array("hello world".utf8))
    #expect(String(decoding: message, as: UTF8.self) == "DSSEv1 29 http://example.com/HelloWorld 11 hello world")
  }

  @Test("a statement of the right type about the image counts if the key signed it")
  func valid() async throws {
    let found = try await evidence([(SigstoreBundle.mediaType, bundle(), [:])])
    #expect(found.isSigned(by: key.publicKey, as: .signature) && found.isSigned(by: key.publicKey))
    #expect(!found.isSigned(by: stranger.publicKey))
    #expect(found.kind == "signature")
  }

  @Test("a signature covers the record only if both the record and the image are among its subjects")
  func record() async throws {
    let record = Digest.of(Array("version.json".utf8))
    func made(_ subjects: [Digest], _ type: PredicateType = .signature) async throws -> Evidence {
      let statement = try Statement(about: subjects.map { .init($0, name: "a") }, type.uri, .object([:]))
      let bytes = try SigstoreBundle(
        DSSEEnvelope(signing: statement.payload, DSSEEnvelope.inToto, with: [key]), by: key.publicKey
      ).encode()
      return try await evidence([(SigstoreBundle.mediaType, bytes, [:])])
    }
    let both = try await made([image, record])
    #expect(both.isSigned(by: key.publicKey, withRecord: record) && both.isSigned(by: key.publicKey, as: .signature))
    #expect(!both.isSigned(by: stranger.publicKey, withRecord: record))
    #expect(!both.isSigned(by: key.publicKey, withRecord: other))
    for (subjects, type) in [([image], PredicateType.signature), ([record], .signature), ([image, record], .scan)] {
      #expect(try await !made(subjects, type).isSigned(by: key.publicKey, withRecord: record))
    }
    let written = try Statement(about: [.init(record, name: "b"), .init(image, name: "a")], "x", .null).payload
    #expect(
      String(decoding: written, as: UTF8.self)
        == #"{"_type":"https://in-toto.io/Statement/v1","predicate":null,"predicateType":"x","subject":[{"digest":{"sha256":"\#(record.hex)"},"name":"b"},{"digest":{"sha256":"\#(image.hex)"},"name":"a"}]}"#
    )
  }

  @Test("openssl verifies the envelope of a bundle")
  func openssl() async throws {
    let openssl = try OpenSSL()
    try openssl.write("pub.pem", Array(key.publicKey.pem.utf8))
    let document = try CanonicalJSON.decode(JSONValue.self, from: bundle(), subject: "bundle")
    guard case .object(let members) = document, case .object(let envelope)? = members["dsseEnvelope"],
      case .string(let payload)? = envelope["payload"], case .array(let signatures)? = envelope["signatures"],
      case .object(let first)? = signatures.first, case .string(let signature)? = first["sig"]
    else { throw TrustError(.malformed, "bundle", reason: "not as it was written") }
    // Everything is checked with other programs: base64, the lengths in the encoding, the signature.
    try openssl.write("payload64", Array((payload + "\n").utf8))
    try openssl.write("sig64", Array((signature + "\n").utf8))
    try openssl("base64", "-d", "-A", "-in", "payload64", "-out", "payload")
    try openssl("base64", "-d", "-A", "-in", "sig64", "-out", "sig")
    let body = try openssl.bytes("payload")
    try openssl.write("message", Array("DSSEv1 28 application/vnd.in-toto+json \(body.count) ".utf8) + body)
    #expect(try openssl.verifies(.ecdsaP256))
  }

  @Test("a statement with another image, type, payload type or key is not a signature of the image")
  func confusion() async throws {
    let cases: [(String, [UInt8], Digest?)] = [
      ("about another image", try bundle(about: other), nil),
      ("the manifest of another image", try bundle(), other),
      ("an attestation in place of a signature", try bundle(.provenance), nil),
      ("another payload type", try bundle(payloadType: "application/vnd.in-toto+JSON"), nil),
      ("another key", try bundle(by: stranger), nil),
    ]
    for (what, bytes, subject) in cases {
      let found = try await evidence([(SigstoreBundle.mediaType, bytes, [:])], subject: subject)
      #expect(!found.isSigned(by: key.publicKey, as: .signature), "\(what)")
    }
    let attestation = try await evidence([(SigstoreBundle.mediaType, bundle(.provenance), [:])])
    #expect(attestation.isSigned(by: key.publicKey, as: .provenance))
    #expect(!attestation.isSigned(by: key.publicKey, as: .billOfMaterials))
  }

  @Test("a changed byte in a bundle invalidates the signature, or changes nothing that is signed")
  func tampering() async throws {
    let whole = try bundle()
    guard case .envelope(let first) = try SigstoreBundle(whole, subject: "x").content else { return }
    var random = SeededGenerator(seed: 5)
    var refused = 0
    for index in whole.indices {
      var changed = whole
      changed[index] = UInt8.random(in: 33...126, using: &random)
      guard changed != whole else { continue }
      guard case .envelope(let read)? = (try? SigstoreBundle(changed, subject: "x"))?.content,
        read.isSigned(by: key.publicKey)
      else {
        refused += 1
        continue
      }
      #expect(read.payload == first.payload && read.payloadType == DSSEEnvelope.inToto)
    }
    #expect(refused > whole.count / 2)
  }

  @Test("a duplicate key makes a document unreadable, in the bundle and in the statement")
  func duplicates() async throws {
    let text = String(decoding: try bundle(), as: UTF8.self)
    let twice = text.replacing("\"payloadType\":", with: "\"payloadType\":\"x\",\"payloadType\":")
    let found = try await evidence([(SigstoreBundle.mediaType, Array(twice.utf8), [:])])
    #expect(!found.isSigned(by: key.publicKey))
    let statement = try Statement(about: other, name: "a", PredicateType.signature.uri, .object([:]))
    let payload = String(decoding: statement.payload, as: UTF8.self).replacing(
      "\"subject\":", with: "\"subject\":[{\"digest\":{\"sha256\":\"\(image.hex)\"}}],\"subject\":")
    let signed = try SigstoreBundle(
      DSSEEnvelope(signing: Array(payload.utf8), DSSEEnvelope.inToto, with: [key]), by: key.publicKey)
    let double = try await evidence([(SigstoreBundle.mediaType, signed.encode(), [:])])
    #expect(!double.isSigned(by: key.publicKey))
    guard case .broken(let reason) = double.content else { return #expect(Bool(false), "it was read") }
    #expect(reason.contains("duplicate key \"subject\""))
  }

  @Test("simple signing: the payload names the image, and the key signed the payload")
  func classic() async throws {
    func layer(_ signature: SimpleSigning) -> (MediaType, [UInt8], [String: String]) {
      (SimpleSigning.mediaType, signature.payload, signature.annotations)
    }
    let mine = try SimpleSigning(signing: image, identity: "h/r", with: key)
    let theirs = try SimpleSigning(signing: image, identity: "h/r", with: stranger)
    let found = try await evidence([layer(theirs), layer(mine)], SimpleSigning.artifactType)
    #expect(found.isSigned(by: key.publicKey, as: .signature) && found.isSigned(by: stranger.publicKey))
    #expect(!found.isSigned(by: key.publicKey, as: .provenance))
    let about = try SimpleSigning(signing: other, identity: "h/r", with: key)
    #expect(!(try await evidence([layer(about)], SimpleSigning.artifactType).isSigned(by: key.publicKey)))
    // Our payload with somebody else's signature.
    let mixed = (SimpleSigning.mediaType, mine.payload, theirs.annotations)
    #expect(!(try await evidence([mixed], SimpleSigning.artifactType).isSigned(by: key.publicKey)))
    #expect(
      String(decoding: mine.payload, as: UTF8.self)
        == #"{"critical":{"identity":{"docker-reference":"h/r"},"image":{"docker-manifest-digest":"\#(image)"},"type":"cosign container image signature"},"optional":{}}"#
    )
  }

  @Test("a bad layer, envelope or signature does not affect the good ones, whatever its position")
  func badParts() async throws {
    let envelope = try #require(try SigstoreBundle(bundle(), subject: "x").envelope)
    let broken = text(envelope) { $0.replacing("\"signatures\":[", with: "\"signatures\":[{\"sig\":\"%\"},{},7,") }
    let mine = try SimpleSigning(signing: image, identity: "h/r", with: key)
    let classic = (SimpleSigning.mediaType, mine.payload, mine.annotations)
    let good: [(MediaType, [UInt8], [String: String])] = [
      classic, (SigstoreBundle.mediaType, try bundle(), [:]), (DSSEEnvelope.mediaType, text(envelope) { $0 }, [:]),
      (DSSEEnvelope.mediaType, broken, [:]),
    ]
    let bad: [(MediaType, [UInt8], [String: String])] = [
      (SimpleSigning.mediaType, mine.payload, [:]), (SimpleSigning.mediaType, [1], mine.annotations),
      (SigstoreBundle.mediaType, [UInt8]("{}".utf8), [:]), (DSSEEnvelope.mediaType, [UInt8]("[".utf8), [:]),
      (DSSEEnvelope.mediaType, text(envelope) { $0.replacing("\"sig\":", with: "\"no\":") }, [:]),
    ]
    for part in good {
      for other in bad {
        for layers in [[other, part], [part, other]] {
          let found = try await parts(layers)
          #expect(found.count { $0.isSigned(by: key.publicKey, as: .signature) } == 1, "\(part.0) with \(other.0)")
          #expect(found.count { if case .broken = $0.content { true } else { false } } == 1)
        }
      }
    }
    #expect(try await parts(good + bad).count { $0.isSigned(by: key.publicKey) } == 4)
    #expect(try await parts([]).count { if case .broken = $0.content { true } else { false } } == 1)
  }

  /// An envelope as text, changed.
  private func text(_ envelope: DSSEEnvelope, _ change: (String) -> String) -> [UInt8] {
    let members = JSONValue.object([
      "payload": .string(Base64.encode(envelope.payload)), "payloadType": .string(envelope.payloadType),
      "signatures": .array(envelope.signatures.map { .object(["sig": .string(Base64.encode($0))]) }),
    ])
    let text = (try? CanonicalJSON.encode(members)) ?? []
    return Array(change(String(decoding: text, as: UTF8.self)).utf8)
  }

  @Test("parts beyond the limit are reported")
  func manyParts() async throws {
    let mine = try SimpleSigning(signing: image, identity: "h/r", with: key)
    let layer = (SimpleSigning.mediaType, mine.payload, mine.annotations)
    let found = try await parts(Array(repeating: layer, count: Evidence.most + 1))
    #expect(found.count == 2 && found[0].isSigned(by: key.publicKey))
    guard case .broken(let reason) = found[1].content else { return #expect(Bool(false), "nothing was said") }
    #expect(reason.contains("1001 parts"))
  }

  @Test("unsigned documents count only if no key is required")
  func documents() async throws {
    let bytes = bill(of: image)
    let plain = try await evidence([(ModelBOM.mediaType, bytes, [:])], ModelBOM.mediaType)
    #expect(plain.document(.billOfMaterials, as: ModelBOM.mediaType, signedBy: []) != nil)
    #expect(plain.document(.billOfMaterials, as: ModelBOM.mediaType, signedBy: [key.publicKey]) == nil)
    #expect(plain.document(.scan, as: ScanVerdict.mediaType, signedBy: []) == nil)
    let signed = try await evidence([(SigstoreBundle.mediaType, bundle(.billOfMaterials), [:])])
    #expect(signed.document(.billOfMaterials, as: ModelBOM.mediaType, signedBy: [key.publicKey]) != nil)
    #expect(signed.document(.billOfMaterials, as: ModelBOM.mediaType, signedBy: [stranger.publicKey]) == nil)
    #expect(signed.document(.scan, as: ScanVerdict.mediaType, signedBy: []) == nil)
    let elsewhere = try await evidence([(SigstoreBundle.mediaType, bundle(.billOfMaterials, about: other), [:])])
    #expect(elsewhere.document(.billOfMaterials, as: ModelBOM.mediaType, signedBy: []) == nil)
  }

  @Test(
    "JSON that two readers could read differently is refused",
    arguments: [
      #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, "{\"é\":1,\"e\u{301}\":2}", #"{"a":1}x"#, #"{"a":1,}"#, "[1,]", "",
      "{", "[", "01", "1e999",
      #""\ud800""#, #""\udc00""#, #""\x""#, "\"\u{1}\"", "nul", "+1", ".5", "1.", "-", #"{1:2}"#, #"{"a"}"#, "tru",
      #""\u12"#,
      #""\u+123""#, String(repeating: "[", count: 1000),
    ])
  func strict(_ text: String) {
    #expect(throws: TrustError.self) { try StrictJSON.read(Array(text.utf8), subject: "x") }
  }

  @Test("all other JSON is read correctly")
  func lenient() throws {
    let text = " {\"a\" : [1, -2.5e3, true, null, \"\\u00e9\\n\\ud83d\\ude00\"], \"b\": {}, \"c\": 9007199254740993}\n"
    #expect(
      try StrictJSON.read(Array(text.utf8), subject: "x")
        == .object([
          "a": .array([.integer(1), .integer(-2500), .bool(true), .null, .string("é\n😀")]), "b": .object([:]),
          "c": .integer(9_007_199_254_740_993),
        ]))
    #expect(throws: TrustError.self) { try StrictJSON.read([0x22, 0xFF, 0x22], subject: "x") }
  }
}
