import Foundation
import OpzIO
import OpzTestKit
import OpzTrust
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("Signatures over model files")
struct ModelFilesTests {
  static let fixtures = PackageRoot.path(#filePath).appending("Tests/OpzTrustTests/Fixtures/model-signing")
  let directory: TemporaryDirectory
  let session: Session
  let key: PrivateKey
  let keys: [(name: String, key: PublicKey)]
  var model: FilePath { directory.path.appending("model") }

  init() throws {
    directory = try TemporaryDirectory()
    session = Session(environment: [:], directory: directory.path, registry: "registry", tool: "opz test")
    key = try PrivateKey.generate(.ecdsaP256)
    keys = [("release.pub", key.publicKey)]
    try FileManager.default.copyItem(atPath: Self.fixtures.appending("model").string, toPath: model.string)
  }

  private func sign(_ output: String = "model.sig", isNamed: Bool = false) async throws -> SignModelFiles.Result {
    try await SignModelFiles(model, in: session).run(
      with: key, to: directory.path.pushing(FilePath(output)), isNamed: isNamed)
  }

  private func verify(_ signature: String = "model.sig") async throws -> VerifyModelFiles.Result {
    try await VerifyModelFiles(model, in: session).run(
      keys, signature: directory.path.pushing(FilePath(signature)))
  }

  @Test("a signed model is verified, with the signature inside the model directory or next to it")
  func wholeWay() async throws {
    for place in ["model.sig", "model/model.sig", "model/weights/x.sig"] {
      let signed = try await sign(place)
      let result = try await verify(place)
      #expect(result.manifest == signed.manifest && result.size == signed.size)
      #expect(signed.manifest.name == "model")
      try Durable.remove(directory.path.pushing(FilePath(place)))
    }
    // A copy under another name is the same model.
    _ = try await sign()
    try FileManager.default.moveItem(atPath: model.string, toPath: directory.path.appending("renamed").string)
    _ = try await VerifyModelFiles(directory.path.appending("renamed"), in: session).run(
      keys, signature: directory.path.appending("model.sig"))
  }

  @Test("signatures made by model-signing are verified, and its root digest equals ours")
  func golden() async throws {
    let pem = try FileBlob(Self.fixtures.appending("release.pub")).bytes()
    let keys = [(name: "release.pub", key: try PublicKey(pem: pem, name: "x", for: .files))]
    for name in ["directory.sig", "inside.sig"] {
      let result = try await VerifyModelFiles(model, in: session).run(keys, signature: Self.fixtures.appending(name))
      var flow = SignModelFiles(model, in: session)
      flow.ignored = [model.appending("notes")]
      let own = try await flow.run(with: key, to: directory.path.appending(name), isNamed: false)
      #expect(own.manifest.digest == result.manifest.digest && own.manifest.resources == result.manifest.resources)
    }
    let file = try await VerifyModelFiles(model.appending("config.json"), in: session).run(
      keys, signature: Self.fixtures.appending("file.sig"))
    #expect(file.manifest.resources.count == 1)
    let wrong = await #expect(throws: FlowError.self) {
      try await VerifyModelFiles(model, in: session).run(keys, signature: Self.fixtures.appending("file.sig"))
    }
    #expect(wrong?.category == .verification)
    try FileManager.default.createSymbolicLink(
      atPath: model.appending("link.json").string, withDestinationPath: "config.json")
    _ = try await VerifyModelFiles(model, in: session).run(keys, signature: Self.fixtures.appending("links.sig"))
  }

  enum Change: String, CaseIterable, Sendable {
    case byte, longer, emptied, removed, added, renamed, addedBelow, linked, linkedOut, pipe, swapped, name
  }

  @Test("every change of the model is refused, and the file is named", arguments: Change.allCases)
  func tampering(_ change: Change) async throws {
    _ = try await sign()
    let file = model.appending("weights.txt")
    let files = FileManager.default
    let named: String
    switch change {
    case .byte:
      try Durable.replace(file, with: Array("b\n".utf8))
      named = "changed: weights.txt"
    case .longer:
      try Durable.replace(file, with: Array("a\na".utf8))
      named = "changed: weights.txt"
    case .emptied:
      try Durable.replace(file, with: [])
      named = "changed: weights.txt"
    case .removed:
      try Durable.remove(file)
      named = "missing: weights.txt"
    case .added:
      try Durable.replace(model.appending("evil.py"), with: [])
      named = "not signed: evil.py"
    case .addedBelow:
      try directory.write("model/weights/a/b", "x")
      named = "not signed: weights/a/b"
    case .renamed:
      try files.moveItem(atPath: file.string, toPath: model.appending("w.txt").string)
      named = "missing: weights.txt; not signed: w.txt"
    case .linked:
      try files.moveItem(atPath: file.string, toPath: directory.path.appending("w.txt").string)
      try files.createSymbolicLink(atPath: file.string, withDestinationPath: "../w.txt")
      named = "weights.txt: it is a symbolic link"
    case .linkedOut:
      try files.createSymbolicLink(atPath: model.appending("l").string, withDestinationPath: "/etc")
      named = "model/l: it is a symbolic link"
    case .pipe:
      try Durable.remove(file)
      try #require(mkfifo(file.string, 0o600) == 0)
      named = "weights.txt: it is neither"
    case .swapped:
      for (from, to) in [("part-1.bin", "x"), ("part-2.bin", "part-1.bin"), ("x", "part-2.bin")] {
        try files.moveItem(
          atPath: model.appending("weights").appending(from).string,
          toPath: model.appending("weights").appending(to).string)
      }
      named = "changed: weights/part-1.bin, weights/part-2.bin"
    case .name:
      let name = model.pushing(FilePath(bytes: [0xFF, 0x0A]))
      try Durable.replace(name, with: [1])
      named = "not signed: \\xff"
    }
    let error = await #expect(throws: (any Error).self) { try await verify() }
    let explained = try #require(error as? any ExplainedError)
    #expect(explained.category == .verification)
    #expect("\(explained.subject): \(explained.reason)".contains(named), "\(explained)")
  }

  @Test("modes, times and empty directories are not part of the format")
  func notCovered() async throws {
    _ = try await sign()
    try FileManager.default.createDirectory(
      atPath: model.appending("nothing").string, withIntermediateDirectories: false)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: model.appending("empty").string)
    _ = try await verify()
  }

  @Test("another key, another signature or a malformed signature is exit code 4")
  func signatures() async throws {
    _ = try await sign()
    let stranger = try PrivateKey.generate(.ecdsaP256).publicKey
    for keys in [[("s", stranger)], [("k", key.publicKey), ("s", stranger)]] {
      let error = await #expect(throws: FlowError.self) {
        try await VerifyModelFiles(model, in: session).run(
          keys, signature: directory.path.appending("model.sig"))
      }
      #expect(error?.category == .verification && error?.reason.contains("not signed by s") == true)
    }
    for text in ["", "{}", "[1]", "not JSON"] {
      try directory.write("bad.sig", text)
      let error = await #expect(throws: TrustError.self) { try await verify("bad.sig") }
      #expect(error?.category == .verification)
    }
    await #expect(throws: (any Error).self) { try await verify("none.sig") }
    try Durable.replace(
      directory.path.appending("huge.sig"), with: [UInt8](repeating: 32, count: ModelSignature.limit + 1))
    await #expect(throws: (any Error).self) { try await verify("huge.sig") }
  }

  @Test("only a signature is replaced, and only if its name was given")
  func outputs() async throws {
    _ = try await sign()
    let again = await #expect(throws: FlowError.self) { try await sign() }
    #expect(again?.category == .conflict)
    _ = try await sign("model.sig", isNamed: true)
    let nowhere = await #expect(throws: FlowError.self) { try await sign("none/model.sig", isNamed: true) }
    #expect(nowhere?.category == .notFound)
    for name in ["model/config.json", "model/weights/part-1.bin", "notes.txt"] {
      let path = try directory.write(name, "{}")
      let error = await #expect(throws: FlowError.self) { try await sign(name, isNamed: true) }
      #expect(error?.category == .conflict)
      #expect(try FileBlob(path).bytes() == Array("{}".utf8))
    }
  }

  @Test("a model that cannot be signed leaves nothing behind")
  func unsignable() async throws {
    try FileManager.default.createSymbolicLink(
      atPath: model.appending("l").string, withDestinationPath: "config.json")
    let error = await #expect(throws: TrustError.self) { try await sign() }
    #expect(error?.hint?.contains("--allow-symlinks") == true)
    var flow = SignModelFiles(model, in: session)
    flow.allowsLinks = true
    let signed = try await flow.run(with: key, to: directory.path.appending("links.sig"), isNamed: false)
    #expect(signed.manifest.allowsLinks)
    _ = try await verify("links.sig")
    try Durable.replace(model.pushing(FilePath(bytes: [0xC3])), with: [])
    await #expect(throws: TrustError.self) {
      try await flow.run(
        with: key, to: directory.path.appending("model.sig"), isNamed: false)
    }
    flow.ignored = [directory.path.appending("elsewhere")]
    await #expect(throws: FlowError.self) {
      try await flow.run(
        with: key, to: directory.path.appending("model.sig"), isNamed: false)
    }
    try Durable.makeDirectory(directory.path.appending("nothing/.git"))
    await #expect(throws: FlowError.self) {
      try await SignModelFiles(directory.path.appending("nothing"), in: session).run(
        with: key, to: directory.path.appending("model.sig"), isNamed: false)
    }
    #expect(try FileStatus.find(directory.path.appending("model.sig")) == nil)
  }
}
