import OpzFlow
import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import OpzPython
import OpzTestKit
import SystemPackage
import Testing

@Suite("An outdated lock")
struct LockTests {
  /// A project file that determines what is locked: its first content and its change.
  struct Change: Sendable, CustomTestStringConvertible {
    let file: String
    let before: String
    let after: String
    var files: [String: String] = ["requirements.txt": "--no-index\n--find-links wheels\na\n"]

    var testDescription: String { "\(file): \(after)" }
  }

  static let changes = [
    Change(file: "requirements.txt", before: "--no-index\n-f wheels\na\n", after: "--no-index\n-f wheels\na\nb\n"),
    Change(
      file: "more.txt", before: "# none\n", after: "b\n",
      files: ["requirements.txt": "--no-index\n--find-links wheels\na\n-r more.txt\n"]),
    Change(
      file: "deep/more.txt", before: "# none\n", after: "b\n",
      files: [
        "requirements.txt": "--no-index\n--find-links wheels\na\n--requirement=deep/one.txt\n",
        "deep/one.txt": "-r more.txt # next\n",
      ]),
    Change(
      file: "limits.txt", before: "b<1\n", after: "b<3\n",
      files: ["requirements.txt": "--no-index\n--find-links wheels\na\n-c limits.txt\n"]),
    Change(
      file: "pyproject.toml", before: "[project]\nname = 'p'\nversion = '1'\ndependencies = ['a']\n",
      after: "[project]\nname = 'p'\nversion = '1'\ndependencies = ['a', 'b']\n",
      files: ["uv.toml": "no-index = true\nfind-links = ['wheels']\n"]),
    Change(
      file: "uv.toml", before: "no-index = true\nfind-links = ['wheels']\n",
      after: "no-index = true\nfind-links = ['wheels']\nprerelease = 'allow'\n", files: ["requirements.txt": "a\n"]),
    Change(
      file: "pyproject.toml", before: "[tool.uv]\nno-index = true\nfind-links = ['wheels']\n",
      after: "[tool.uv]\nno-index = true\nfind-links = ['wheels']\nprerelease = 'allow'\n",
      files: ["requirements.txt": "a\n"]),
  ]

  @Test("plan and package refuse it and name the changed file; opz lock locks again", arguments: changes)
  func refused(_ change: Change) async throws {
    let project = try await LockedProject()
    for name in ["a", "b"] { try project.wheel(name, "1.0") }
    for (file, text) in change.files { try project.write(file, text) }
    try project.write(change.file, change.before)
    try await project.lock()
    try await project.plan()
    try await project.check()
    #expect(try await project.packages() == ["a 1.0"])

    try project.write(change.file, change.after)
    for refusal in [
      await #expect(throws: FlowError.self) { try await project.plan() },
      await #expect(throws: FlowError.self) { try await project.packages() },
      await #expect(throws: FlowError.self) { try await project.check() },
    ] {
      #expect(refusal?.category == .conflict && refusal?.hint?.hasPrefix("opz lock ") == true)
      #expect(refusal?.subject.hasSuffix(change.file) == true, "\(refusal?.description ?? "")")
    }
    try await project.lock()
    try await project.check()
    #expect(
      try await project.packages()
        == (change.after.contains("b\n") || change.after.contains("'b'") ? ["a 1.0", "b 1.0"] : ["a 1.0"]))
    // And back: the package that was removed from the requirements is no longer locked.
    try project.write(change.file, change.before)
    try await project.lock()
    #expect(try await project.packages() == ["a 1.0"])
  }

  @Test("a change that affects no package does not make a lock outdated; a removed file does")
  func others() async throws {
    let project = try await LockedProject()
    try project.wheel("a", "1.0")
    try project.write("uv.toml", "no-index = true\nfind-links = ['wheels']\n")
    try project.write("pyproject.toml", "[project]\nname = 'p'\nversion = '1'\ndependencies = ['a']\n")
    try await project.lock()
    let before = try project.locks()
    try project.write(
      "pyproject.toml",
      "[tool.ruff]\nline-length = 9\n[project]\n# a comment\nversion = '2'\nname = 'p'\ndependencies = [\n  \"a\",\n]\n"
    )
    try await project.plan()
    try await project.lock()
    #expect(try project.locks()["opz.lock"] == before["opz.lock"])
    try Durable.remove(project.project.path.appending("uv.toml"))
    let error = await #expect(throws: FlowError.self) { try await project.plan() }
    #expect(error?.category == .conflict && error?.subject.hasSuffix("uv.toml") == true)
  }

  @Test("a wheel that is named by its path is locked too; --pre counts")
  func named() async throws {
    let project = try await LockedProject()
    try project.wheel("a", "1.0")
    try project.wheel("b", "1.0")
    try project.wheel("b", "2.0rc1")
    try project.require("--pre", "a @ file://\(project.project.path)/wheels/a-1.0-py3-none-any.whl", "b")
    try await project.lock()
    #expect(try await project.packages() == ["a 1.0", "b 2.0rc1"])
    let other = try project.wheel("a", "1.0", requires: "Summary: another")
    let error = await #expect(throws: FlowError.self) { try await project.plan() }
    #expect(error?.category == .conflict && error?.subject.hasSuffix("wheels/a-1.0-py3-none-any.whl") == true)
    try await project.lock()
    #expect(try project.text("pylock.toml").contains(other))
    #expect(try await project.packages() == ["a 1.0", "b 2.0rc1"])
  }

  @Test("another Python and another platform each need their own lock")
  func targets() async throws {
    let project = try await LockedProject()
    try project.wheel("a", "1.0")
    try project.require("a")
    try await project.lock()
    try project.configure("python: \"3.12\"")
    let error = await #expect(throws: FlowError.self) { try await project.plan() }
    #expect(error?.category == .conflict && error?.reason.contains("Python 3.12 on linux/amd64") == true)
    try await project.lock()
    try await project.plan()
  }

  @Test("adding a package keeps the other versions; --update NAME updates only that one, --update all of them")
  func least() async throws {
    let project = try await LockedProject()
    for name in ["a", "b"] { try project.wheel(name, "1.0") }
    try project.require("a", "b")
    try await project.lock()
    for name in ["a", "b", "c"] { try project.wheel(name, "2.0") }
    try await project.lock()
    #expect(try await project.packages() == ["a 1.0", "b 1.0"])
    try project.require("a", "b", "c")
    try await project.lock()
    #expect(try await project.packages() == ["a 1.0", "b 1.0", "c 2.0"])
    let text = try project.text("pylock.toml")
    #expect(
      text.contains("path = \"wheels/a-1.0-py3-none-any.whl\"") && !text.contains("file:") && !text.contains("opz-tmp"))
    try await project.lock(.packages(["B"]))
    #expect(try await project.packages() == ["a 1.0", "b 2.0", "c 2.0"])
    try await project.lock(.all)
    #expect(try await project.packages() == ["a 2.0", "b 2.0", "c 2.0"])
    let none = await #expect(throws: FlowError.self) { try await project.lock(.packages(["d"])) }
    #expect(none?.category == .notFound)
    let hostile = await #expect(throws: FlowError.self) { try await project.lock(.packages(["--index-url=x"])) }
    #expect(hostile?.category == .usage)
  }

  @Test(
    "opz lock that fails changes no file and leaves none behind",
    arguments: [
      "nowhere", "a==9", "a --hash=sha256:\(String(repeating: "0", count: 64))", "-e .",
      "./nowhere-1.0-py3-none-any.whl",
    ])
  func failed(_ line: String) async throws {
    let project = try await LockedProject()
    try project.wheel("a", "1.0")
    try project.require("a")
    try await project.lock()
    try project.require(line)
    let before = try project.locks()
    for update in [LockProject.Update.needed, .all] {
      await #expect(throws: (any Error).self) { try await project.lock(update) }
      #expect(try project.locks() == before)
    }
  }

  @Test("an opz.lock of an earlier opz is accepted with a warning; opz lock adds what is missing and updates nothing")
  func early() async throws {
    var project = try await LockedProject()
    try project.wheel("a", "1.0")
    try project.require("a")
    try await project.lock()
    var lock = try #require(try ProjectLock.read(in: project.project.path))
    #expect(lock.inputs?.files["requirements.txt"] == Digest.of(Array(try project.text("requirements.txt").utf8)))
    lock.inputs = nil
    try lock.write(in: project.project.path)
    try project.wheel("a", "2.0")
    let pylock = try project.text("pylock.toml")
    let notes = Notes()
    project.project.session.progress = notes
    #expect(try await project.packages() == ["a 1.0"])
    #expect(notes.texts.contains { $0.contains("opz lock records it") })
    await #expect(throws: FlowError.self) { try await project.check() }
    try await project.lock()
    #expect(try project.text("pylock.toml") == pylock)
    try await project.check()
    // An opz.lock without digests does not hide a changed requirement from opz lock.
    lock.inputs = nil
    try lock.write(in: project.project.path)
    try project.wheel("b", "1.0")
    try project.require("a", "b")
    try await project.lock()
    #expect(try await project.packages() == ["a 1.0", "b 1.0"])
  }

  @Test("a lock that the user wrote stays byte for byte until its inputs change")
  func own() async throws {
    let project = try await LockedProject()
    try project.wheel("a", "1.0")
    try project.require("a")
    try await project.lock()
    let mine = "# mine\n" + (try project.text("pylock.toml"))
    try project.write("pylock.toml", mine)
    try Durable.remove(project.project.path.appending("opz.lock"))
    try project.wheel("a", "2.0")
    try await project.lock()
    #expect(try project.text("pylock.toml") == mine)
    #expect(try await project.packages() == ["a 1.0"])
    try project.require("a", "# only a comment")
    await #expect(throws: FlowError.self) { try await project.plan() }
    try await project.lock()
    #expect(try project.text("pylock.toml") == mine)
    try await project.plan()
  }

  @Test("a required package that is not in the lock is reported, whatever opz.lock says")
  func missed() async throws {
    let project = try await LockedProject()
    for name in ["a", "b"] { try project.wheel(name, "1.0") }
    try project.require("a")
    try await project.lock()
    let without = try project.text("pylock.toml")
    try project.require("a", "b", "never; python_version < '3'")
    try await project.lock()
    // As after a git merge.
    try project.write("pylock.toml", without)
    for run in [{ try await project.plan() }, { _ = try await project.packages() }, { try await project.check() }]
      as [() async throws -> Void]
    {
      let error = await #expect(throws: FlowError.self) { try await run() }
      #expect(error?.category == .conflict && error?.reason.contains("it lacks b, which requirements.txt:4") == true)
    }
    try await project.lock(.all)
    #expect(try await project.packages() == ["a 1.0", "b 1.0"])
  }

  @Test(
    "opz lock replaces no file that is not a lock",
    arguments: ["uv.lock", "requirements.txt", "notes.txt", "pyproject.toml"])
  func notALock(_ file: String) async throws {
    let project = try await LockedProject()
    try project.wheel("a", "1.0")
    try project.require("a")
    try project.write("notes.txt", "mine\n")
    try project.write("pyproject.toml", "[project]\nname = 'p'\nversion = '1'\n")
    if file == "uv.lock" { try project.write("uv.lock", "version = 1\n") }
    try project.configure("python: \"3.11\", lock: \(file)")
    let before = try project.locks()
    for update in [LockProject.Update.needed, .all] {
      let error = await #expect(throws: FlowError.self) { try await project.lock(update) }
      #expect(error?.category == .conflict && error?.hint != nil)
      #expect(try project.locks() == before)
    }
  }

  @Test("every digest in a user's lock is compared with the bytes", arguments: ["sha384", "sha512"])
  func digests(_ algorithm: String) async throws {
    let project = try await LockedProject()
    let sha256 = try project.wheel("a", "1.0")
    let blob = try FileBlob(project.project.path.appending("wheels/a-1.0-py3-none-any.whl"))
    let kind = try #require(FileHash.Algorithm(rawValue: algorithm))
    let right = try #require(try FileHash.of(blob, kind))
    func lock(_ hex: String) throws {
      try project.write(
        "pylock.toml",
        "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1.0\"\nwheels = [{ path = \"wheels/a-1.0-py3-none-any.whl\", hashes = { \(algorithm) = \"\(hex)\", sha256 = \"\(sha256)\" } }]\n"
      )
    }
    try lock(right.hex)
    try await project.lock()
    #expect(try await project.packages() == ["a 1.0"])
    try lock(String(repeating: "0", count: right.hex.count))
    let error = await #expect(throws: PythonError.self) { try await project.packages() }
    #expect(error?.category == .verification && error?.reason.contains(right.hex) == true)
  }

  @Test("uv.lock: opz lock refuses one that does not match pyproject.toml, package one that changed since")
  func uvLock() async throws {
    let project = try await LockedProject()
    for name in ["a", "b"] { try project.wheel(name, "1.0") }
    func pyproject(_ packages: String) throws {
      try project.write(
        "pyproject.toml",
        "[project]\nname = 'p'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = [\(packages)]\n[tool.uv]\nno-index = true\nfind-links = ['wheels']\n"
      )
    }
    func uvLock() throws {
      let uv = try #require(project.project.session.environment["OPZ_UV"])
      let result = try ChildProcess.run(
        [uv, "lock", "--offline", "--python", Python.interpreter().string, "--project", project.project.path.string])
      try #require(result.status == 0, "\(result.errorText)")
    }
    try pyproject("'a'")
    try uvLock()
    var session = project.project.session
    session.environment["UV_PYTHON"] = Python.interpreter().string
    let lock = LockProject(project.project.path, in: session)
    _ = try await lock.run()
    #expect(try await project.packages() == ["a 1.0"])
    try pyproject("'a', 'b'")
    let old = await #expect(throws: FlowError.self) { try await project.plan() }
    #expect(old?.category == .conflict && old?.subject.hasSuffix("pyproject.toml") == true)
    let stale = await #expect(throws: PythonError.self) { try await lock.run() }
    #expect(stale?.category == .conflict && stale?.hint?.hasPrefix("uv lock") == true, "\(stale?.description ?? "")")
    try uvLock()
    _ = try await lock.run()
    #expect(try await project.packages() == ["a 1.0", "b 1.0"])
    let update = await #expect(throws: FlowError.self) {
      _ = try await LockProject(project.project.path, update: .packages(["a"]), in: session).run()
    }
    #expect(update?.category == .usage && update?.hint?.contains("--upgrade-package a") == true)
  }
}

@Suite("Digests that requirements list")
struct RequirementHashTests {
  static let zeros = String(repeating: "0", count: 64)

  @Test("the listed digest is locked; with another one, lock and package exit with 4 and name both")
  func listed() async throws {
    let project = try await LockedProject()
    let digest = try project.wheel("a", "1.0")
    try project.require("a==1.0 --hash=sha256:\(Self.zeros) \\", "    --hash=sha256:\(digest)")
    try await project.lock()
    #expect(try await project.packages() == ["a 1.0"])
    try project.require("a==1.0 --hash=sha256:\(Self.zeros)")
    let error = await #expect(throws: PythonError.self) { try await project.lock() }
    #expect(error?.category == .verification)
    #expect(
      error?.reason.contains("sha256:\(digest)") == true && error?.reason.contains("sha256:\(Self.zeros)") == true)
    #expect(error?.reason.contains("requirements.txt:3") == true)
    // An earlier opz, which did not check, may have locked it.
    var lock = try #require(try ProjectLock.read(in: project.project.path))
    lock.inputs = nil
    try lock.write(in: project.project.path)
    for run in [{ try await project.plan() }, { _ = try await project.packages() }] as [() async throws -> Void] {
      let refused = await #expect(throws: PythonError.self) { try await run() }
      #expect(refused?.category == .verification)
    }
  }

  @Test(
    "if one package lists digests, all need them, and digests of other algorithms are computed from the bytes",
    arguments: [
      ("a --hash=sha256:A\nb", false), ("a --hash=sha256:A\nb --hash=sha256:B", true), ("--require-hashes\na", false),
      ("--require-hashes\na --hash sha256:A", true), ("a --hash=sha512:A5", true), ("a --hash=sha384:A3", true),
      ("a --hash=sha512:0", false), ("a --hash=sha384:0", false), ("a --hash=sha512:A5 --hash=sha256:0", true),
      ("-r other.txt", false), ("a --hash=sha256:A\n-c limit.txt", false), ("a\n-c good.txt", true),
      ("a ; python_version > \"3\" --hash=sha256:A\nb ; python_version < \"3\"", true),
      ("a ; python_version < \"3\" --hash=sha256:0\na ; python_version > \"3\" --hash=sha256:A", true),
      ("dep --hash=sha256:D", false), ("dep --hash=sha256:D\na --hash=sha256:A", true),
      ("./wheels/a-1.0-py3-none-any.whl --hash=sha256:A", true),
      ("./wheels/a-1.0-py3-none-any.whl --hash=sha256:0", false),
      ("./wheels/a-1.0-py3-none-any.whl", true), ("A @ file:P/wheels/a-1.0-py3-none-any.whl#sha256=A\nb", true),
      ("a @ file:P/wheels/a-1.0-py3-none-any.whl#egg=a&sha256=0", false),
    ])
  func modes(_ text: String, isRight: Bool) async throws {
    let project = try await LockedProject()
    let (a, b) = (try project.wheel("a", "1.0"), try project.wheel("b", "1.0"))
    let d = try project.wheel("dep", "1.0", requires: "Requires-Dist: a")
    let blob = try FileBlob(project.project.path.appending("wheels/a-1.0-py3-none-any.whl"))
    let (a3, a5) = (try FileHash.of(blob, .sha384), try FileHash.of(blob, .sha512))
    try project.write("other.txt", "a --hash=sha256:\(Self.zeros)\n")
    try project.write("limit.txt", "a==1.0 --hash=sha256:\(Self.zeros)\n")
    try project.write("good.txt", "a==1.0 --hash=sha256:\(a)\n")
    let words = [
      "sha256:A": "sha256:\(a)", "sha256=A": "sha256=\(a)", "sha256:B": "sha256:\(b)", "sha256:D": "sha256:\(d)",
      "sha512:A5": "\(try #require(a5))", "sha384:A3": "\(try #require(a3))", "sha256:0": "sha256:\(Self.zeros)",
      "sha256=0": "sha256=\(Self.zeros)", "sha512:0": "sha512:\(Self.zeros)\(Self.zeros)",
      "sha384:0": "sha384:\(Self.zeros)\(Self.zeros.prefix(32))", "file:P": "file://\(project.project.path)",
    ]
    var filled = ""
    for line in text.split(separator: "\n") {
      filled +=
        line.split(separator: " ").map { word -> String in
          words.reduce(String(word)) { word, pair in
            word.hasSuffix(pair.key) || pair.key == "file:P" ? word.replacing(pair.key, with: pair.value) : word
          }
        }.joined(separator: " ") + "\n"
    }
    try project.require(filled)
    if isRight {
      try await project.lock()
      try await project.plan()
    } else {
      let error = await #expect(throws: PythonError.self) { try await project.lock() }
      #expect(error?.category == .verification, "\(error?.description ?? "")")
      #expect(try project.locks()["pylock.toml"] == nil)
    }
  }

  @Test("only wheels with a listed digest are chosen, and the lock contains no others")
  func chosen() async throws {
    let project = try await LockedProject()
    let plain = try project.wheel("a", "1.0")
    let other = try project.wheel("a", "1.0", tag: "cp311-none-any")
    try project.require("a==1.0")
    try await project.lock()
    #expect(try await project.project.package().version.record.packages?.first?.wheel == "a-1.0-cp311-none-any.whl")
    #expect(try project.text("pylock.toml").contains(plain))
    try project.require("a==1.0 --hash=sha256:\(plain)")
    try await project.lock()
    #expect(try await project.project.package().version.record.packages?.first?.wheel == "a-1.0-py3-none-any.whl")
    #expect(try project.text("pylock.toml").contains(plain) && !project.text("pylock.toml").contains(other))
  }
}
