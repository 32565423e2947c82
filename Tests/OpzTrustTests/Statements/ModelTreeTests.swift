import Foundation
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzTrust

@Suite("Finding and hashing the files of a model")
struct ModelTreeTests {
  let directory: TemporaryDirectory
  var root: FilePath { directory.path.appending("m") }

  init() throws {
    directory = try TemporaryDirectory()
    for name in ["m/a/b", "m/a.b", "m/.git/config", "m/.gitignore", "m/c"] { try directory.write(name, name) }
    try directory.write("outside", "x")
  }

  private func names(_ ignored: [String] = [], links: Bool = false) throws -> [String] {
    try ModelTree(root, ignoring: ignored.map { Array($0.utf8) }, allowsLinks: links).files
      .map { String(decoding: $0.name, as: UTF8.self) }
  }

  private func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: root.appending(name).string, withDestinationPath: target)
  }

  @Test("ignoring a path ignores everything below it, but no other name with the same prefix")
  func walk() throws {
    #expect(try names() == [".git/config", ".gitignore", "a/b", "a.b", "c"])
    #expect(try names([".git"]) == [".gitignore", "a/b", "a.b", "c"])
    #expect(try names(["a", ".gitignore", "none", "c/d"]) == [".git/config", "a.b", "c"])
    let file = try ModelTree(root.appending("c"), ignoring: [], allowsLinks: false)
    #expect(file.files.map(\.name) == [[46]] && file.name == "c" && !file.isDirectory)
    #expect(try ModelTree(root.appending("../m/."), ignoring: [], allowsLinks: false).name == "m")
  }

  @Test(
    "a link is an error; with links allowed, it counts as its target, which must be in the model",
    arguments: [
      ("c", true, ""), ("a/b", true, ""), ("../m/c", true, ""), ("../outside", false, "out of the model"),
      ("/etc/passwd", false, "out of the model"), ("a", false, "directory"), (".", false, "out of the model"),
      ("none", false, "broken"), ("link", false, "broken"), ("/dev/null", false, "out of the model"),
    ])
  func links(_ target: String, _ isTaken: Bool, reason: String) throws {
    try link("link", to: target)
    let refused = #expect(throws: TrustError.self) { try names() }
    #expect(refused?.subject.hasSuffix("m/link") == true && refused?.code == .unsignable)
    guard !isTaken else { return #expect(try names(links: true).contains("link")) }
    let error = #expect(throws: TrustError.self) { try names(links: true) }
    #expect(error?.reason.contains(reason) == true && error?.subject.hasSuffix("m/link") == true)
    // An ignored path is not looked at.
    #expect(try !names(["link"]).contains("link"))
  }

  @Test("a model that is itself a link, a pipe, or missing is an error")
  func special() throws {
    try FileManager.default.createSymbolicLink(
      atPath: directory.path.appending("l").string, withDestinationPath: "m")
    #expect(throws: TrustError.self) {
      try ModelTree(directory.path.appending("l"), ignoring: [], allowsLinks: false)
    }
    #expect(try ModelTree(directory.path.appending("l"), ignoring: [], allowsLinks: true).name == "m")
    #expect(throws: IOFailure.self) { try ModelTree(root.appending("none"), ignoring: [], allowsLinks: false) }
    try #require(mkfifo(root.appending("pipe").string, 0o600) == 0)
    let error = #expect(throws: TrustError.self) { try names() }
    #expect(error?.subject.hasSuffix("m/pipe") == true)
    #expect(throws: TrustError.self) {
      try ModelTree(root.appending("pipe"), ignoring: [], allowsLinks: false)
    }
  }

  @Test("directories nested too deep are an error")
  func depth() throws {
    var path = root
    for _ in 0..<200 { path.append("d") }
    try Durable.makeDirectory(path)
    let error = #expect(throws: TrustError.self) { try names() }
    #expect(error?.reason.contains("128") == true)
  }

  @Test("digests are those of the files, in order, however many and large they are", arguments: [0, 1, 3, 300])
  func digests(_ count: Int) throws {
    for index in 0..<count {
      let size = index == 1 ? 3_000_001 : index
      try Durable.replace(root.appending("f\(index)"), with: [UInt8](repeating: UInt8(index % 251), count: size))
    }
    let tree = try ModelTree(root, ignoring: [], allowsLinks: false)
    let expected = try tree.files.map { Digest.of(try FileBlob($0.path).bytes()) }
    #expect(try tree.digests(of: tree.files) == expected)
    #expect(try tree.digests(of: []) == [])
  }

  @Test("a file that changed since it was found, or became a link, is an error")
  func changed() throws {
    let tree = try ModelTree(root, ignoring: [], allowsLinks: false)
    try Durable.replace(root.appending("c"), with: Array("longer than before".utf8))
    let error = #expect(throws: TrustError.self) { try tree.digests(of: tree.files) }
    #expect(error?.reason.contains("changed") == true)
    let again = try ModelTree(root, ignoring: [], allowsLinks: false)
    try Durable.remove(root.appending("c"))
    try link("c", to: "a/b")
    #expect(throws: (any Error).self) { try again.digests(of: again.files) }
  }
}
