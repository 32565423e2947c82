import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzPackage

@Suite("Ignore files", .serialized)
struct IgnoreTests {
  /// A repository with `paths`, created once: the paths must exist, so that git knows which are directories.
  private static let repository = Result { () throws -> TemporaryDirectory in
    let directory = try TemporaryDirectory()
    let result = try ChildProcess.run(["git", "-C", directory.path.string, "init", "-q"], environment: environment)
    try #require(result.status == 0, "\(result.errorText)")
    for path in paths {
      let place = directory.path.appending(path)
      try Durable.makeDirectory(path.hasSuffix("/") ? place : place.removingLastComponent())
      if !path.hasSuffix("/") { _ = try OpenFile.creating(place) }
    }
    return directory
  }

  private static let environment = ["PATH=/usr/bin:/bin", "HOME=/nowhere", "GIT_CONFIG_NOSYSTEM=1"]

  /// The paths that git ignores.
  private func git(_ patterns: String, nested: (directory: String, patterns: String)? = nil) async throws -> Set<String>
  {
    let repository = try IgnoreTests.repository.get()
    let lists = try TemporaryDirectory()
    var text = patterns
    if let nested {
      let file = repository.path.appending("\(nested.directory)/.gitignore")
      try Durable.replace(file, with: Array(nested.patterns.utf8))
    }
    defer { if let nested { try? Durable.remove(repository.path.appending("\(nested.directory)/.gitignore")) } }
    if text.isEmpty { text = "\n" }
    let list = try lists.write("patterns", text)
    let root = repository.path.string
    let asked = IgnoreTests.paths.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    let input = Array(asked.joined(separator: "\0").utf8) + [0]
    let result = try await blocking {
      try ChildProcess.run(
        ["git", "-C", root, "-c", "core.excludesFile=\(list)", "check-ignore", "--no-index", "-z", "--stdin"],
        input: input, environment: IgnoreTests.environment)
    }
    try #require(result.status <= 1, "\(result.errorText)")
    let ignored = Set(result.output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
    return Set(zip(asked, IgnoreTests.paths).filter { ignored.contains($0.0) }.map(\.1))
  }

  /// The paths that our rules ignore: an entry is left out together with its directory.
  private func own(_ patterns: String, _ paths: [String], nested: (directory: String, patterns: String)? = nil) -> Set<
    String
  > {
    var rules = IgnoreRules(defaults: false)
    rules.add(Array(patterns.utf8), name: ".opzignore", depth: 0)
    return Set(
      paths.filter { path in
        let names = path.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        return (1...names.count).contains { count in
          var rules = rules
          if let nested, path.hasPrefix(nested.directory + "/"), count > nested.directory.split(separator: "/").count {
            rules.add(Array(nested.patterns.utf8), name: "nested", depth: nested.directory.split(separator: "/").count)
          }
          return rules.reason(Array(names[..<count]), isDirectory: count < names.count || path.hasSuffix("/")) != nil
        }
      })
  }

  static let paths = [
    "a", "b.txt", "c.bin", "dir/a", "dir/b.txt", "dir/sub/a", "dir/sub/c.bin", "dir/sub/deep/a", "other/dir/a",
    "foo/bar",
    "foo/x/bar", "foo/x/y/bar", "x/foo/bar", "[x]", "a b", "trailing ", "!bang", "#hash", "build/", "src/build/",
    "é.txt",
    "back\\slash", "A", "zz/A.txt", "a]b", "a-b", "axb", "a/../b", ".hidden", "dir/.hidden", "-", "0", "9x",
    "tab\tname",
  ].filter { $0 != "a/../b" && !$0.hasPrefix("a/") }

  static let files = [
    "*.txt", "/a", "a", "dir/", "dir/*", "dir/**", "**/a", "**/sub/*", "foo/**/bar", "foo/*/bar", "foo/**", "!a\n*",
    "*\n!*.txt",
    "*\n!dir/\n!*.txt", "*.txt\n!dir/b.txt", "dir\n!dir/a", "dir/*\n!dir/sub", "\\#hash", "\\!bang", "#hash", "!bang",
    "[[]x]", "\\[x\\]",
    "a?b", "a[x-]b", "a[!x]b", "a[^x]b", "a[]x]b", "a[]-]b", "[[:upper:]]", "[[:upper:]]*", "[[:digit:]]*", "[[:foo:]]",
    "[a-", "a[",
    "trailing\\ ", "trailing ", "trailing", "a b  ", "build/", "/build/", "**", "/**", "**/", "*/", "?", "??",
    "foo/**bar", "**bar",
    "dir/sub/", "/dir/sub", "sub/a", "/*/sub", "*\n!/dir\n/dir/*\n!/dir/sub", "back\\\\slash", "\\", "a\\",
    "é.*", "\u{feff}a",
    "a\r\n*.txt\r\n", "[--0]", "[0--]", "[\\]]*", "[\\-]", "dir/../a", "./a", "/", "//", "dir//a", "!",
    "*.bin\n\n# comment\n  \n", " a",
    "**/**/a", "foo/**/**/bar", "dir/**/a", "**/dir/**", "[a/b]", "dir[/]a", "dir\\/a", "t*\tname", "*a*b*", "[!a-z]",
    ".*", "!.hidden\n.*",
  ]

  @Test("each pattern matches the same paths as in git", arguments: files)
  func sameAsGit(patterns: String) async throws {
    let expected = try await git(patterns)
    #expect(own(patterns, IgnoreTests.paths) == expected)
  }

  @Test("random patterns match the same paths as in git", arguments: 0..<30)
  func random(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "a", "b", "*", "**", "?", "/", "/", "[ab]", "[!a]", "dir", "foo", "sub", "\\", ".txt", "x", "!", "bar", "[", "]",
    ]
    let lines = (0..<4).map { _ in
      let line = (0..<Int.random(in: 1...6, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
      // git reads `foo**/bar` as `foo` and `**/bar`, although its manual gives `**` a meaning only as a whole name.
      return line.contains("**/") ? line.replacing("**", with: "*") : line
    }
    let text = lines.joined(separator: "\n")
    let expected = try await git(text)
    #expect(own(text, IgnoreTests.paths) == expected, "\(text)")
  }

  @Test("an ignore file in a subdirectory overrides one above it")
  func nested() async throws {
    for patterns in ["!a", "/a", "*\n!b.txt", "sub/", "/sub/a", "!/sub"] {
      let nested = (directory: "dir", patterns: patterns)
      let expected = try await git("a\n*.bin", nested: nested)
      #expect(own("a\n*.bin", IgnoreTests.paths, nested: nested) == expected, "\(patterns)")
    }
  }

  @Test("a pattern designed to be slow is fast")
  func bounded() {
    let pattern = String(repeating: "*a", count: 200) + "b"
    let name = [[UInt8]](repeating: Array(String(repeating: "a", count: 255).utf8), count: 100)
    #expect(own(pattern, [String(repeating: "a", count: 255)]).isEmpty)
    let deep = String(repeating: "**/a*/", count: 100) + "z"
    var rules = IgnoreRules(defaults: false)
    rules.add(Array(deep.utf8), name: "x", depth: 0)
    #expect(rules.reason(name, isDirectory: false) == nil)
  }
}

@Suite("Finding files")
struct SourceTreeTests {
  @Test("what is left out, and why")
  func ignored() throws {
    let project = try TemporaryDirectory()
    for path in [
      "model/m.json", "model/notes.tmp", "model/.env", "model/keep/.env.example", "model/.git/config",
      "model/sub/x.tmp", "model/sub/keep.tmp",
    ] { try project.write(path, path) }
    try project.write(".opzignore", "*.tmp\n")
    try project.write("model/sub/.opzignore", "!keep.tmp\n!.env*\n")
    try project.write("model/keep/.opzignore", "!.env.example\n")
    var tree = SourceTree(project: project.path)
    try tree.add(model: "model")
    #expect(
      Set(tree.files.map(\.destination.string)) == [
        "models/m.json", "models/keep", "models/keep/.env.example", "models/sub", "models/sub/keep.tmp",
      ])
    let reasons = Dictionary(tree.ignored.map { (FilePath($0.path).lastComponent!.string, $0.reason) }) { one, _ in one
    }
    #expect(reasons["notes.tmp"]?.hasSuffix(".opzignore:1 (*.tmp)") == true)
    #expect(reasons[".env"]?.hasPrefix("may be a secret (!.env ") == true)
    #expect(reasons[".git"] == "not content")
  }

  @Test("files that opz.yaml names are included")
  func named() throws {
    let project = try TemporaryDirectory()
    try project.write(".env", "A=1")
    try project.write("key.pem", "x")
    try project.write(".opzignore", "*")
    var tree = SourceTree(project: project.path)
    try tree.add(model: "key.pem")
    try tree.add(".env", role: .config)
    #expect(tree.files.map(\.destination.string) == ["models/key.pem", "app/.env"])
  }

  @Test("names are bytes: two spellings of é, and one that is not UTF-8")
  func names() throws {
    let project = try TemporaryDirectory()
    let model = project.path.appending("model")
    try Durable.makeDirectory(model)
    let names: [[UInt8]] = [
      Array("e\u{301}".utf8), Array("\u{e9}".utf8), [0xff, 0x2e, 0x78], [UInt8](repeating: 97, count: 255),
    ]
    for name in names { try Durable.replace(model.pushing(FilePath(bytes: name)), with: name) }
    var tree = SourceTree(project: project.path)
    try tree.add(model: "model")
    #expect(Set(tree.files.map { Array($0.destination.bytes.dropFirst(7)) }) == Set(names))
  }
}
