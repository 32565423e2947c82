import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzPython

@Suite("requirements.txt")
struct RequirementsFileTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  static let a = String(repeating: "a", count: 64)

  private func read(_ text: String, _ others: [String: String] = [:]) throws -> RequirementsFile {
    for (file, text) in others { try directory.write(file, text) }
    return try RequirementsFile.read(directory.write("requirements.txt", text))
  }

  @Test(
    "names, digests and locations of requirements in every notation",
    arguments: [
      ("Scikit_Learn[x,y]>=1 # c", "scikit-learn", 0), ("a==1 --hash=sha256:A --hash sha256:B", "a", 2),
      ("a==1 \\\n  --hash=sha256:A \\\n  --hash=sha256:B # x", "a", 2), ("a\t--hash=sha256:A", "a", 1),
      ("a @ https://h.example/x.whl#sha256=A&egg=a", "a", 1), ("a@https://h.example/x.whl#egg=a", "a", 0),
      ("https://h.example/a_b-1%2B2-py3-none-any.whl#sha256=A", "a-b", 1),
      ("./w/a-1-py3-none-any.whl --hash=sha256:A", "a", 1),
      ("a ; python_version < \"3\" --hash=sha256:A", "a", 1), ("a @ https://h.example/x.whl ; os_name == 'x'", "a", 0),
      ("\u{FEFF}a --hash=sha256:A", "a", 1), ("# b\n\n   a --hash=sha512:AA", "a", 1), ("a==1\r\n", "a", 0),
      ("a --hash=sha256:A\\\n# not a digest --hash=md5:1\n", "a", 1),
    ])
  func items(text: String, name: String, count: Int) throws {
    let b = String(repeating: "B", count: 64)
    let filled = text.replacing("sha512:AA", with: "sha512:\(Self.a)\(Self.a)").replacing(
      "256:A", with: "256:\(Self.a)"
    )
    .replacing("256=A", with: "256=\(Self.a)").replacing("256:B", with: "256:\(b)")
    let found = try read(filled)
    #expect(found.items.count == 1)
    let item = try #require(found.items.first)
    #expect(item.name == name && item.hashes.count == count && item.location.hasPrefix("requirements.txt:"))
    #expect(item.hashes.allSatisfy { $0.hex == $0.hex.lowercased() })
  }

  @Test("included files are relative to the including file, and read once, even in circles")
  func includes() throws {
    let found = try read(
      "a\n-r deep/one.txt\n--constraint=limit.txt\n",
      [
        "deep/one.txt": "-r ../requirements.txt\n-c ../limit.txt\n-r two.txt\nb\n--pre\n", "deep/two.txt": "c\n",
        "limit.txt": "d<2\n-r deep/two.txt\n",
      ])
    #expect(found.files.map { $0.lastComponent?.string } == ["requirements.txt", "one.txt", "limit.txt", "two.txt"])
    #expect(found.allowsPrereleases && found.items.contains { $0.name == "c" && $0.isConstraint })
    #expect(Set(found.items.map(\.name)) == ["a", "b", "c", "d"])
  }

  @Test(
    "unsupported options are refused by name",
    arguments: [
      ("--no-binary :all:", "--no-binary"), ("--no-binary=a", "--no-binary"), ("--trusted-host h", "--trusted-host"),
      ("-e", "no value"), ("--use-feature x", "--use-feature"), ("--foo", "--foo"),
      ("a --config-settings x=y", "--config-settings"), ("a --global-option=x", "--global-option"),
      ("a --hash=md5:\(String(repeating: "a", count: 32))", "md5"),
      ("a --hash=sha1:\(String(repeating: "a", count: 40))", "sha1"),
      ("a --hash=sha256:12", "64 hex"), ("a --hash=sha256", "ALGORITHM"), ("a --hash", "ALGORITHM"),
      ("a @ https://h.example/x.whl#md5=1", "md5"), ("-r https://h.example/r.txt", "h.example"),
      ("-r ${HOME}/r.txt", "${HOME}"),
      ("-r", "no value"), ("-r missing.txt", "requirements.txt:1"), ("-r .", "not a regular file"),
      ("a ; nonsense", "marker"),
      ("--hash=sha256:12", "--hash"),
    ])
  func refused(line: String, word: String) throws {
    let error = #expect(throws: PythonError.self) { try read(line + "\n") }
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
  }

  @Test("a file that is endless, not text, or includes thousands of files is an error")
  func hostile() throws {
    #expect(throws: PythonError.self) { try read(String(repeating: "a\n", count: 3 << 20)) }
    let path = try directory.write("requirements.txt", "")
    try Durable.replace(path, with: [0xFF, 0xFE, 0x61, 0])
    #expect(throws: PythonError.self) { try RequirementsFile.read(path) }
    var files: [String: String] = [:]
    for number in 0..<300 { files["\(number).txt"] = "-r \(number + 1).txt\n" }
    #expect(throws: PythonError.self) { try read("-r 0.txt", files) }
    var generator = SeededGenerator(seed: 7)
    let words = [
      "-r", "--hash=", "sha256:", " ", "\\\n", "#", ";", "@", "://", "[", "]", "\r", "a", "-", "\u{0}", "é", "=", "\"",
    ]
    for _ in 0..<2000 {
      let text = (0..<12).map { _ in words[Int.random(in: 0..<words.count, using: &generator)] }.joined()
      _ = try? read(text)
    }
  }
}
