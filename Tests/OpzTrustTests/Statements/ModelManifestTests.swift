import OpzIO
import OpzJSON
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzTrust

@Suite("Manifests and signatures of model files")
struct ModelManifestTests {
  static let fixtures = PackageRoot.path(#filePath).appending("Tests/OpzTrustTests/Fixtures/model-signing")
  static let one = Digest.of([1])
  let key: PrivateKey

  init() throws { key = try PrivateKey.generate(.ecdsaP256) }

  static func signature(_ name: String) throws -> ModelSignature {
    try ModelSignature(FileBlob(fixtures.appending(name)).bytes(), subject: name)
  }

  static func key(_ name: String) throws -> PublicKey {
    try PublicKey(pem: FileBlob(fixtures.appending("\(name).pub")).bytes(), name: name, for: .files)
  }

  static func texts(_ names: [[UInt8]]) -> [String] { names.map { String(decoding: $0, as: UTF8.self) } }

  @Test(
    "signatures of model-signing 1.1.1 are read, and verify with their keys",
    arguments: [
      ("directory.sig", "release"), ("inside.sig", "release"), ("file.sig", "release"), ("links.sig", "release"),
      ("p384.sig", "p384"), ("p521.sig", "p521"),
    ])
  func golden(_ name: String, _ signer: String) throws {
    let signature = try Self.signature(name)
    let manifest = try signature.manifest(subject: "x")
    for other in ["release", "other", "p384", "p521"] {
      let key = try Self.key(other)
      #expect(signature.isSigned(by: key) == (other == signer) && signature.names(key) == (other == signer))
    }
    let names = Self.texts(manifest.resources.map(\.name))
    if name == "file.sig" {
      #expect(names == ["."] && manifest.name == "config.json")
    } else {
      let link = name == "links.sig" ? ["link.json"] : []
      // The format's own order: `weights/..` before `weights.txt`.
      #expect(
        names == ["config.json", "empty"] + link
          + ["weights/part-1.bin", "weights/part-2.bin", "weights.txt", "with space:and colon", "\u{FC}.txt"])
      let inside = name == "inside.sig" ? ["model.sig"] : []
      #expect(
        Self.texts(manifest.ignored)
          == [".git", ".gitattributes", ".github", ".gitignore"] + inside + ["notes"])
    }
    #expect(manifest.allowsLinks == (name == "links.sig"))
  }

  @Test(
    "its other signing methods are refused by name", arguments: [("shards.sig", "shards"), ("blake3.sig", "blake3")])
  func methods(_ name: String, _ word: String) {
    let error = #expect(throws: TrustError.self) { try Self.signature(name).manifest(subject: name) }
    #expect(error?.reason.contains(word) == true)
  }

  @Test(
    "every kind of key in the format signs and verifies; Ed25519 is not one of them",
    arguments: [(PublicKey.Kind.ecdsaP256, true), (.ecdsaP384, true), (.ecdsaP521, true), (.ed25519, false)])
  func kinds(_ kind: PublicKey.Kind, _ isTaken: Bool) throws {
    let key = try PrivateKey.generate(kind)
    let manifest = ModelManifest(name: "m", [.init([97], Self.one)], ignoring: [], allowsLinks: false)
    guard isTaken else {
      #expect(throws: TrustError.self) { try ModelSignature(signing: manifest, with: key) }
      #expect(throws: TrustError.self) {
        try PublicKey(pem: Array(key.publicKey.pem.utf8), name: "x", for: .files)
      }
      return
    }
    let bytes = try ModelSignature(signing: manifest, with: key).encode()
    let read = try ModelSignature(bytes, subject: "x")
    #expect(read.isSigned(by: key.publicKey) && read.names(key.publicKey))
    #expect(try read.manifest(subject: "x") == manifest)
    #expect(!read.isSigned(by: try PrivateKey.generate(kind).publicKey))
  }

  @Test("files are ordered like Python's paths, and the root digest covers their digests in that order")
  func order() throws {
    let names = ["a.b", "a/b", "a", "b", "a/b/c", "a b", "\u{FC}", "a/.x"]
    let sorted = ["a", "a/.x", "a/b", "a/b/c", "a b", "a.b", "b", "\u{FC}"]
    let resources = names.map { ModelManifest.Resource(Array($0.utf8), .of(Array($0.utf8))) }
    let manifest = ModelManifest(name: "m", resources, ignoring: [], allowsLinks: false)
    #expect(Self.texts(manifest.resources.map(\.name)) == sorted)
    #expect(manifest.digest == .of(sorted.flatMap { Digest.of(Array($0.utf8)).bytes }))
    // Two Unicode spellings of the same text are two files.
    let spellings = ["e\u{301}", "\u{E9}"].map { ModelManifest.Resource(Array($0.utf8), Self.one) }
    let both = ModelManifest(name: "m", spellings, ignoring: [], allowsLinks: false)
    let read = try ModelManifest(both.statement(), subject: "x")
    #expect(read == both && read.resources.count == 2)
  }

  @Test("a name that is not UTF-8 cannot be signed")
  func bytes() {
    let manifest = ModelManifest(name: "m", [.init([0xFF], Self.one)], ignoring: [], allowsLinks: false)
    let error = #expect(throws: TrustError.self) { try ModelSignature(signing: manifest, with: key) }
    #expect(error?.code == .unsignable && error?.subject == "\\xff")
  }

  /// A statement as text, with some parts replaced.
  private func read(_ resources: String, serialization: String? = nil, root: Digest? = nil, more: String = "") throws
    -> ModelManifest
  {
    let how = serialization ?? #"{"method":"files","hash_type":"sha256","allow_symlinks":false,"ignore_paths":[]}"#
    let digest = root ?? .of(Self.one.bytes)
    let text = """
      {"_type":"https://in-toto.io/Statement/v1","predicateType":"\(ModelManifest.predicateType)",
      "subject":[{"name":"m","digest":{"sha256":"\(digest.hex)"}}\(more)],
      "predicate":{"serialization":\(how),"resources":\(resources),"later":1}}
      """
    return try ModelManifest(Statement(Array(text.utf8), subject: "x"), subject: "x")
  }

  private func resource(_ name: String, _ algorithm: String = "sha256", digest: String? = nil) -> String {
    #"{"name":"\#(name)","algorithm":"\#(algorithm)","digest":"\#(digest ?? Self.one.hex)"}"#
  }

  @Test(
    "paths that lead out of the model, are duplicates or are invalid are refused",
    arguments: [
      "", "/etc/passwd", "../x", "a/../b", "a/..", "..", "./a", "a//b", "a/", "a/./b", "a\\u0000b",
    ])
  func paths(_ name: String) throws {
    let error = #expect(throws: TrustError.self) { try read("[\(resource(name))]") }
    #expect(error?.reason.contains("not a path of a file") == true)
  }

  @Test("lists that contradict themselves are refused")
  func contradictions() throws {
    #expect(try read("[\(resource("a"))]").resources.count == 1)
    let two = Digest.of(Self.one.bytes + Self.one.bytes)
    #expect(try read("[\(resource("a")),\(resource("b"))]", root: two).resources.count == 2)
    let cases: [(String, () throws -> ModelManifest)] = [
      ("twice", { try read("[\(resource("a")),\(resource("a"))]", root: two) }),
      ("a file beside the whole", { try read("[\(resource(".")),\(resource("a"))]", root: two) }),
      ("nothing", { try read("[]", root: .of([])) }),
      ("another root", { try read("[\(resource("a"))]", root: .of([])) }),
      (
        "two subjects",
        {
          try read("[\(resource("a"))]", more: #",{"name":"n","digest":{"sha256":"\#(two.hex)"}}"#)
        }
      ),
      ("another algorithm", { try read("[\(resource("a", "sha512"))]") }),
      ("no digest", { try read("[\(resource("a", "sha256", digest: "00"))]") }),
      ("no list", { try read("{}") }), ("no object", { try read("[1]") }),
      (
        "another method",
        { try read("[\(resource("a"))]", serialization: #"{"method":"tensors","hash_type":"sha256"}"#) }
      ),
      ("no method", { try read("[\(resource("a"))]", serialization: "{}") }),
      (
        "links that are a text",
        {
          try read(
            "[\(resource("a"))]", serialization: #"{"method":"files","hash_type":"sha256","allow_symlinks":"no"}"#)
        }
      ),
      (
        "a key of another case",
        {
          try read(
            "[\(resource("a"))]", serialization: #"{"method":"files","hash_type":"sha256","Allow_symlinks":true}"#)
        }
      ),
    ]
    for (what, body) in cases { #expect(throws: TrustError.self, "\(what)") { try body() } }
  }

  @Test("ignored paths that lead out of the model ignore nothing, and are written in normalized form")
  func ignored() throws {
    let how =
      #"{"method":"files","hash_type":"sha256","allow_symlinks":false,"ignore_paths":["/etc","../x","a/../b","./c//d/","e"]}"#
    #expect(Self.texts(try read("[\(resource("a"))]", serialization: how).ignored) == ["c/d", "e"])
  }

  @Test("a signature of model-signing 0.2 is refused with the version")
  func old() throws {
    let text = """
      {"_type":"https://in-toto.io/Statement/v1","predicateType":"https://model_signing/Digests/v0.1",
      "subject":[{"name":"a","digest":{"sha256":"\(Self.one.hex)"}}]}
      """
    let error = #expect(throws: TrustError.self) {
      try ModelManifest(Statement(Array(text.utf8), subject: "x"), subject: "x")
    }
    #expect(error?.reason.contains("0.2") == true && error?.hint?.contains("again") == true)
  }

  @Test("a changed byte in a signature invalidates it, or changes nothing that is signed")
  func mutants() throws {
    let whole = try FileBlob(Self.fixtures.appending("directory.sig")).bytes()
    let (key, manifest) = (try Self.key("release"), try Self.signature("directory.sig").manifest(subject: "x"))
    var random = SeededGenerator(seed: 11)
    for index in whole.indices {
      var changed = whole
      changed[index] = UInt8.random(in: 33...126, using: &random)
      guard changed != whole, let read = try? ModelSignature(changed, subject: "x"), read.isSigned(by: key) else {
        continue
      }
      #expect(try read.manifest(subject: "x") == manifest)
    }
    for cut in stride(from: 0, to: whole.count, by: 7) {
      #expect(throws: TrustError.self) { try ModelSignature(Array(whole.prefix(cut)), subject: "x") }
    }
  }

  @Test("a bundle of too many values is refused before they are created, and an unverified list is not read")
  func hostile() throws {
    let many = "{\"a\":[" + String(repeating: "{\"a\":1},", count: 200_000) + "1]}"
    let error = #expect(throws: TrustError.self) { try ModelSignature(Array(many.utf8), subject: "x") }
    #expect(error?.reason.contains("more than 10000 values") == true)
    let payload = Array(many.utf8)
    let envelope = try DSSEEnvelope(signing: payload, DSSEEnvelope.inToto, with: [PrivateKey.generate(.ecdsaP256)])
    let bundle = try SigstoreBundle(envelope, by: key.publicKey).encode()
    #expect(try !ModelSignature(bundle, subject: "x").isSigned(by: key.publicKey))
    let values = "[" + String(repeating: "0,", count: StrictJSON.most) + "0]"
    #expect(throws: TrustError.self) { try StrictJSON.read(Array(values.utf8), subject: "x") }
  }
}
