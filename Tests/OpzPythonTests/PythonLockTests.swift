import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzPython

@Suite("Locks of Python environments")
struct PythonLockTests {
  private let target: PythonTarget
  private static let hash = String(repeating: "ab", count: 32)

  init() throws { target = try PythonTarget(minor: 11, platform: .linuxAMD64, library: .glibc(2, 36)) }

  private func wheel(_ name: String, _ extra: String = "") -> String {
    "{ url = \"https://example.org/p/\(name)\", size = 10, hashes = { sha256 = \"\(Self.hash)\" }\(extra) }"
  }

  private func lock(_ packages: String, head: String = "requires-python = \">=3.11\"\n") throws -> PythonLock {
    try PythonLock("lock-version = \"1.0\"\ncreated-by = \"uv\"\n\(head)\(packages)", subject: "pylock.toml")
  }

  @Test("the best wheel of each package for the target is chosen")
  func select() throws {
    let text = """
      [[packages]]
      name = "numpy"
      version = "2.1.0"
      sdist = { url = "https://example.org/n.tar.gz", upload-time = 2026-01-01T00:00:00Z, hashes = { sha256 = "00" } }
      wheels = [\(wheel("numpy-2.1.0-cp310-cp310-manylinux_2_28_x86_64.whl")), \(wheel("numpy-2.1.0-cp311-cp311-manylinux_2_17_x86_64.whl")),
        \(wheel("numpy-2.1.0-cp311-cp311-manylinux_2_28_x86_64.manylinux_2_27_x86_64.whl")), \(wheel("numpy-2.1.0-cp311-cp311-manylinux_2_39_x86_64.whl"))]
      [[packages]]
      name = "colorama"
      version = "1"
      marker = "sys_platform == 'win32'"
      wheels = [\(wheel("colorama-1-py3-none-any.whl"))]
      [[packages]]
      name = "Local_Thing"
      version = "1.0+cu12"
      wheels = [{ path = "wheels/local_thing-1.0%2Bcu12-1-py3-none-any.whl", hashes = { sha256 = "\(Self.hash)" } },
        { path = "wheels/local_thing-1.0%2Bcu12-2-py3-none-any.whl", hashes = { sha256 = "\(Self.hash)" } }]

      """
    let wheels = try lock(text).select(for: target)
    #expect(
      wheels.map(\.name.description) == [
        "local_thing-1.0+cu12-2-py3-none-any.whl",
        "numpy-2.1.0-cp311-cp311-manylinux_2_28_x86_64.manylinux_2_27_x86_64.whl",
      ])
    #expect(wheels[0].location == .path("wheels/local_thing-1.0%2Bcu12-2-py3-none-any.whl") && wheels[0].size == nil)
    #expect(wheels[1].size == 10 && wheels[1].digest.hex == Self.hash)
  }

  @Test(
    "a wheel may be anywhere, because its digest pins it",
    arguments: [
      ("path = \"../w/a-1-py3-none-any.whl\"", "../w/a-1-py3-none-any.whl"),
      ("path = \"/w/a-1-py3-none-any.whl\"", "/w/a-1-py3-none-any.whl"),
      ("url = \"file:///w%20x/a-1-py3-none-any.whl\"", "/w x/a-1-py3-none-any.whl"),
      ("url = \"file://localhost/w/a-1-py3-none-any.whl\"", "/w/a-1-py3-none-any.whl"),
      ("url = \"file:w/a-1-py3-none-any.whl\"", "w/a-1-py3-none-any.whl"),
    ])
  func anywhere(place: String, path: String) throws {
    for form in ["archive = F\n", "wheels = [F]\n"] {
      let file = "{ \(place), hashes = { sha256 = \"\(Self.hash)\" } }"
      let lock = try lock("[[packages]]\nname = \"a\"\n" + form.replacing("F", with: file))
      #expect(try lock.select(for: target).map(\.location) == [.path(path)])
    }
  }

  @Test("a package that is source code is named; its wheel takes its place, and its source is kept")
  func sources() throws {
    let text = """
      lock-version = "1.0"

      [[packages]]
      name = "dep"
      version = "0.3"
      marker = "python_version >= '3.9'"
      vcs = { type = "git", url = "https://example.org/g", commit-id = "\(String(repeating: "d8", count: 20))", subdirectory = "py" }

      [[packages]]
      name = "other"
      directory = { path = "../other", editable = true }

      [[packages]]
      name = "never"
      marker = "sys_platform == 'win32'"
      directory = { path = "never" }

      """
    let sources = try PythonLock(text, subject: "l").sources(for: target)
    #expect(
      sources == [
        SourcePackage(
          "dep", at: .git(url: "https://example.org/g", commit: String(repeating: "d8", count: 20)),
          subdirectory: "py", marker: "python_version >= '3.9'"),
        SourcePackage("other", at: .directory("../other")),
      ])
    var built = text
    for source in sources {
      let wheel = try WheelName(parsing: "\(source.name)-0.3-py3-none-any.whl")
      built = try BuiltWheels.name(
        wheel, at: "opz-wheels/\(wheel)", Digest(algorithm: .sha256, hex: Self.hash)!, for: source, in: built)
    }
    let lock = try PythonLock(built, subject: "l")
    #expect(try lock.sources(for: target).isEmpty && lock.sourceDirectories == ["../other", "never"])
    #expect(
      try lock.select(for: target).map(\.location) == [
        .path("opz-wheels/dep-0.3-py3-none-any.whl"), .path("opz-wheels/other-0.3-py3-none-any.whl"),
      ])
    #expect(lock.namedWheels.isEmpty)
    #expect(BuiltWheels.withSources(built).replacing("version = \"0.3\"\ndirectory", with: "directory") == text)
  }

  static let refusals: [(String, String)] = [
    (
      "[[packages]]\nname = \"a\"\nsdist = { url = \"https://x/a.tar.gz\", hashes = { sha256 = \"00\" } }",
      "only a source distribution"
    ),
    ("[[packages]]\nname = \"a\"\nwheels = []", "none of its 0 wheels"),
    (
      "[[packages]]\nname = \"a\"\nwheels = [{ url = \"https://x/a-1-cp39-cp39-win_amd64.whl\", hashes = { sha256 = \"\(hash)\" } }]",
      "none of its 1 wheels fits"
    ),
    (
      "[[packages]]\nname = \"a\"\nwheels = [{ url = \"https://x/a-1-py3-none-any.whl\", hashes = { md5 = \"00\" } }]",
      "no SHA-256"
    ),
    (
      "[[packages]]\nname = \"a\"\nwheels = [{ url = \"https://x/a-1-py3-none-any.whl\", hashes = { sha256 = \"AB\" } }]",
      "no SHA-256"
    ),
    (
      "[[packages]]\nname = \"a\"\nwheels = [{ url = \"https://u:secret@x/a-1-py3-none-any.whl\", hashes = { sha256 = \"\(hash)\" } }]",
      "a user name or a password"
    ),
    (
      "[[packages]]\nname = \"a\"\nwheels = [{ url = \"https://x/a-1-py3-none-any.whl\", size = -1, hashes = { sha256 = \"\(hash)\" } }]",
      "negative size"
    ),
    ("[[packages]]\nname = \"a\"\nvcs = { type = \"git\", url = \"https://x/a\" }", "it is source code"),
    ("[[packages]]\nname = \"a\"\ndirectory = { path = \".\" }", "it is source code"),
    (
      "[[packages]]\nname = \"a\"\narchive = { path = \"a\\\\b/c-1-py3-none-any.whl\", hashes = { sha256 = \"\(hash)\" } }",
      "backslash"
    ),
    (
      "[[packages]]\nname = \"a\"\narchive = { url = \"file://host/a-1-py3-none-any.whl\", hashes = { sha256 = \"\(hash)\" } }",
      "has a host"
    ),
    ("[[packages]]\nname = \"a\"\nmarker = \"nonsense\"", "not an environment marker"),
    ("[[packages]]\nname = \"a\"\nwheels = [{ hashes = {} }]", "neither url nor path"),
    ("[[packages]]\nname = \"a\"\nwheels = [{ url = \"https://x/nonsense\", hashes = {} }]", "does not end in .whl"),
  ]

  @Test("what is refused, and why", arguments: refusals)
  func refused(packages: String, reason: String) throws {
    let error = #expect(throws: PythonError.self) { try lock(packages).select(for: target) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("secret") == false)
  }

  @Test(
    "a lock for another Python is refused",
    arguments: [
      (">=3.12", false), (">=3.11.4", true), ("<3.11", false), (">=3.8,<4", true), ("==3.11.*", true), ("~=3.10", true),
    ])
  func python(requires: String, fits: Bool) throws {
    let lock = try lock("packages = []\n", head: "requires-python = \"\(requires)\"\n")
    if fits {
      #expect(try lock.select(for: target) == [])
    } else {
      #expect(throws: PythonError.self) { try lock.select(for: target) }
    }
  }

  @Test(
    "an invalid lock is refused",
    arguments: [
      "", "lock-version = 1", "lock-version = \"2.0\"\npackages = []", "packages = [", "lock-version = \"1.0\"",
      "lock-version = \"1.0\"\npackages = 3", "lock-version = \"1.0\"\n[[packages]]\n",
    ])
  func noLock(text: String) {
    #expect(throws: PythonError.self) { try PythonLock(text, subject: "pylock.toml") }
  }

  @Test("a randomly changed lock is read or refused, never a trap", arguments: 0..<5)
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let text =
      "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nmarker = \"os_name == 'posix'\"\nwheels = [\(wheel("a-1-py3-none-any.whl"))]\n"
    for _ in 0..<200 {
      var bytes = Array(text.utf8)
      for _ in 0...2 {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = "\"'[]{}=.\n-9aé".utf8.randomElement(using: &random)!
      }
      _ = try? PythonLock(String(decoding: bytes, as: UTF8.self), subject: "x").select(for: target)
    }
  }
}

@Suite("Compatibility of wheels")
struct EnvironmentCheckTests {
  private func metadata(_ name: String, _ version: String, more: String = "") throws -> WheelMetadata {
    let wheel = try WheelName(parsing: "\(name)-\(version)-py3-none-any.whl")
    return try WheelMetadata("Metadata-Version: 2.1\nName: \(name)\nVersion: \(version)\n\(more)\n", of: wheel)
  }

  @Test("missing and wrong packages, Pythons and CUDAs are named")
  func problems() throws {
    let target = try PythonTarget(minor: 11, platform: .linuxAMD64, library: .glibc(2, 36))
    let wheels = [
      try metadata(
        "a", "1.0",
        more:
          "Requires-Dist: b (>=2)\nRequires-Dist: missing\nRequires-Dist: win ; sys_platform == 'win32'\nRequires-Dist: t ; extra == 'test'"
      ),
      try metadata("b", "1.5", more: "Requires-Python: >=3.12"), try metadata("torch", "2.3.0+cu121"),
      try metadata("nvidia_cublas_cu12", "12.1"),
      try metadata(
        "ok", "1", more: "Requires-Python: >=3.8, !=3.9.*\nRequires-Dist: b[x]<2,>=1.0 ; python_version >= '3.8'"),
    ]
    #expect(
      EnvironmentCheck.conflicts(wheels, for: target, cuda: "11.8.0").map(\.description) == [
        "a 1.0 requires b>=2, but 1.5 is locked", "a 1.0 requires missing, which is not locked",
        "b 1.5 requires Python >=3.12",
        "torch 2.3.0+cu121 is built for CUDA 12, but the base has CUDA 11.8.0",
        "nvidia_cublas_cu12 12.1 is built for CUDA 12, but the base has CUDA 11.8.0",
      ])
    #expect(
      EnvironmentCheck.conflicts(Array(wheels.dropFirst(2)).filter { $0.name != "ok" }, for: target, cuda: nil) == [])
  }
}

@Suite("uv")
struct UvCompileTests {
  @Test("its arguments, for requirements and for a project")
  func arguments() throws {
    let arm = try PythonTarget(minor: 12, platform: try #require(Platform("linux/arm64")), library: .musl(1, 2))
    #expect(
      UvCompile(.requirements("p/requirements.txt"), for: arm, environment: [:]).arguments(output: "p/pylock.toml") == [
        "uv", "pip", "compile", "p/requirements.txt", "--format", "pylock.toml", "--no-header", "--quiet",
        "--python-version", "3.12",
        "--python-platform", "aarch64-unknown-linux-musl", "--output-file", "p/pylock.toml",
      ])
    var uv = UvCompile(.requirements("p/r.in"), for: arm, environment: [:])
    (uv.project, uv.allowsPrereleases, uv.upgrade) = ("p", true, .packages(["a", "b"]))
    #expect(
      uv.arguments(output: "o").suffix(8) == [
        "--project", "p", "--prerelease", "allow", "--upgrade-package", "a", "--upgrade-package", "b",
      ])
    // An outdated uv.lock is refused, and not exported.
    #expect(UvCompile(.project("p"), for: arm, environment: [:]).arguments(output: "o").contains("--locked"))
    let old = try PythonTarget(minor: 9, platform: .linuxAMD64, library: .glibc(2, 29))
    #expect(
      UvCompile(.requirements("r"), for: old, environment: [:]).arguments(output: "o").contains("x86_64-manylinux_2_28")
    )
    #expect(
      UvCompile(.project("p"), for: old, environment: ["OPZ_UV": "/x/uv"]).arguments(output: "o").prefix(2) == [
        "/x/uv", "export",
      ])
  }

  @Test("a missing or failing program is an error with its message, without passwords")
  func failures() throws {
    let target = try PythonTarget(minor: 11, platform: .linuxAMD64, library: .glibc(2, 36))
    let missing = #expect(throws: PythonError.self) {
      try UvCompile(.requirements("r"), for: target, environment: ["OPZ_UV": "/nonexistent/uv"]).run(output: "o")
    }
    #expect(missing?.hint?.contains("pip install uv") == true)
    let directory = try TemporaryDirectory()
    let script = try directory.write(
      "uv", "#!/bin/sh\necho 'error: https://me:secret@index.example/simple: 401' >&2\nexit 2\n", mode: 0o755)
    let failed = #expect(throws: PythonError.self) {
      try UvCompile(.requirements("r"), for: target, environment: ["OPZ_UV": script.string]).run(output: "o")
    }
    #expect(
      failed?.reason.contains("https://***@index.example/simple: 401") == true
        && failed?.description.contains("secret") == false)
  }
}
