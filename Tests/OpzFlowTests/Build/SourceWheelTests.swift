import OpzFlow
import OpzIO
import OpzProject
import OpzPython
import OpzTestKit
import SystemPackage
import Testing

@Suite("Wheels that requirements name, and packages that are source code")
struct SourceWheelTests {
  /// A file that names the wheel `libs/a-1.0-py3-none-any.whl`, in which P is the project's directory.
  static let forms = [
    "./libs/a-1.0-py3-none-any.whl", "libs/a-1.0-py3-none-any.whl", "a @ libs/a-1.0-py3-none-any.whl",
    "a @ file:P/libs/a-1.0-py3-none-any.whl", "file:./libs/a-1.0-py3-none-any.whl", "../w/a-1.0-py3-none-any.whl",
    "a @ file:P/../w/a-1.0-py3-none-any.whl",
  ]

  private static func place(_ project: LockedProject, _ directories: String...) throws {
    let bytes = try FileBlob(project.project.path.appending("wheels/a-1.0-py3-none-any.whl")).bytes()
    for directory in directories {
      let path = project.project.path.pushing(FilePath(directory))
      try Durable.makeDirectory(path)
      try Durable.replace(path.appending("a-1.0-py3-none-any.whl"), with: bytes)
    }
  }

  @Test("a wheel by path or file: URL, relative to the project wherever opz runs", arguments: forms)
  func named(_ form: String) async throws {
    let project = try await LockedProject()
    try project.wheel("a", "1.0")
    try Self.place(project, "libs", "../w")
    try Durable.removeTree(project.project.path.appending("wheels"))
    try project.write("requirements.txt", form.replacing("P", with: "//\(project.project.path)") + "\n")
    try await project.lock()
    let text = try project.text("pylock.toml")
    #expect(text.contains("path = \"libs/a") || text.contains("w/a-1.0-py3-none-any.whl\""), "\(text)")
    #expect(form.contains("../w") || !text.contains("path = \"/"))
    try await project.check()
    #expect(try await project.packages() == ["a 1.0"])
    // A file that changed is named, and the next lock has its digest.
    let other = try project.wheel("a", "1.0", requires: "Summary: another")
    try Self.place(project, "libs", "../w")
    let error = await #expect(throws: FlowError.self) { try await project.plan() }
    #expect(error?.category == .conflict && error?.hint?.hasPrefix("opz lock ") == true)
    try await project.lock()
    #expect(try project.text("pylock.toml").contains(other))
    #expect(try await project.packages() == ["a 1.0"])
  }

  @Test("tool.uv.sources of a pyproject.toml, with and without a uv.lock", arguments: [false, true])
  func sources(hasLock: Bool) async throws {
    var project = try await LockedProject()
    try project.wheel("a", "1.0")
    try Self.place(project, "libs")
    try project.write(
      "pyproject.toml",
      "[project]\nname = 'p'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['a', 'dep']\n[tool.uv.sources]\na = {path = 'libs/a-1.0-py3-none-any.whl'}\ndep = {path = '../dep'}\n"
    )
    try project.package("../dep", "dep", code: "VALUE = 1\n")
    project.project.session.environment["UV_PYTHON"] = Python.interpreter().string
    if hasLock { try project.uv("lock") }
    try await project.lock()
    #expect(try await project.packages() == ["a 1.0", "dep 0.3"])
    try project.write("../dep/src/dep/__init__.py", "VALUE = 2\n")
    let error = await #expect(throws: FlowError.self) { try await project.plan() }
    #expect(error?.category == .conflict && error?.subject.contains("dep") == true, "\(error?.description ?? "")")
    try await project.lock()
    #expect(try await project.packages() == ["a 1.0", "dep 0.3"])
  }

  @Test("the wheels that MLflow saves beside the model", arguments: ["requirements.txt", "model/requirements.txt"])
  func mlflow(_ file: String) async throws {
    let project = try await LockedProject()
    try project.wheel("a", "1.0")
    let isDeep = file.contains("/")
    try Self.place(project, isDeep ? "model/code" : "code")
    try project.write(isDeep ? "model/MLmodel" : "MLmodel", "flavors: {python_function: {loader_module: x}}\n")
    try project.write(file, "code/a-1.0-py3-none-any.whl\n")
    try project.configure("python: \"3.11\", requirements: \(file)")
    try await project.lock()
    #expect(try await project.packages() == ["a 1.0"])
  }

  @Test(
    "a directory becomes a wheel in opz-wheels",
    arguments: ["../dep", "-e ../dep", "dep @ file:P/../dep", "--editable=../dep"])
  func directory(_ form: String) async throws {
    let project = try await LockedProject()
    try project.package("../dep", "dep", code: "VALUE = 1\n")
    try project.write("requirements.txt", form.replacing("P", with: "//\(project.project.path)") + "\n")
    try await project.lock()
    let text = try project.text("pylock.toml")
    #expect(text.contains("path = \"opz-wheels/dep-0.3-py3-none-any.whl\"") && text.contains("directory = { path ="))
    try await project.check()
    #expect(try await project.packages() == ["dep 0.3"])
    // What running leaves behind is not a change; a changed module is.
    try project.write("../dep/src/dep/__pycache__/x.cpython-311.pyc", "x")
    try await project.check()
    try project.write("../dep/src/dep/more.py", "MORE = 1\n")
    let error = await #expect(throws: FlowError.self) { try await project.check() }
    #expect(error?.category == .conflict && error?.reason.contains("changed since opz lock") == true)
    let old = try project.text("pylock.toml")
    try await project.lock()
    #expect(try project.text("pylock.toml") != old)
    #expect(try await project.packages() == ["dep 0.3"])
  }

  @Test("a git requirement is pinned by its commit, whose wheel is built once")
  func git() async throws {
    let project = try await LockedProject()
    try project.package("../dep", "dep", code: "VALUE = 1\n")
    let repository = project.project.path.pushing("../dep").lexicallyNormalized()
    func commit() throws -> String {
      let who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
      for words in [
        ["init", "--quiet", "--initial-branch=main"], ["add", "-A"], who + ["commit", "--quiet", "-m", "x"],
      ] {
        _ = try ChildProcess.run(["git", "-C", repository.string] + words)
      }
      return String(try ChildProcess.run(["git", "-C", repository.string, "rev-parse", "HEAD"]).text.dropLast())
    }
    let first = try commit()
    try project.write("requirements.txt", "dep @ git+file://\(repository)@main\n")
    try await project.lock()
    let text = try project.text("pylock.toml")
    #expect(text.contains("commit-id = \"\(first)\"") && text.contains("opz-wheels/dep-0.3-py3-none-any.whl"))
    #expect(try await project.packages() == ["dep 0.3"])
    // A branch that moved on does not change the lock, and the wheel is not built again.
    try project.write("../dep/src/dep/__init__.py", "VALUE = 2\n")
    let second = try commit()
    try project.write("requirements.txt", "# a comment\ndep @ git+file://\(repository)@main\n")
    try await project.lock()
    #expect(try project.text("pylock.toml") == text)
    try await project.lock(.all)
    #expect(try project.text("pylock.toml").contains("commit-id = \"\(second)\""))
    #expect(try await project.packages() == ["dep 0.3"])
  }

  @Test("a project of src layout is one of its own packages, unless code has it", arguments: ["pyproject", "uv.lock"])
  func own(_ kind: String) async throws {
    var project = try await LockedProject()
    project.project.session.environment["UV_PYTHON"] = Python.interpreter().string
    try project.package(".", "mine", code: "VALUE = 1\n")
    if kind == "uv.lock" { try project.uv("lock") }
    try await project.lock()
    #expect(try await project.packages() == ["mine 0.3"])
    #expect(try project.text("pylock.toml").contains("directory = { path = \".\""))
    try project.write("src/mine/__init__.py", "VALUE = 2\n")
    let error = await #expect(throws: FlowError.self) { try await project.plan() }
    #expect(error?.category == .conflict && error?.hint?.hasPrefix("opz lock") == true)
    try await project.lock()
    #expect(try await project.packages() == ["mine 0.3"])
    try project.write(
      "opz.yaml", try project.text("opz.yaml").replacing("code: [serve.py]", with: "code: [serve.py, src]"))
    try await project.lock(.all)
    #expect(try await project.packages() == [])
  }

  @Test("requirements.txt that leave a src layout out: opz lock says what to add")
  func leftOut() async throws {
    var project = try await LockedProject()
    let notes = Notes()
    project.project.session.progress = notes
    try project.package(".", "mine", code: "VALUE = 1\n")
    try project.write("requirements.txt", "")
    try await project.lock()
    #expect(
      notes.texts.contains { $0.contains("src is not in the image") && $0.contains("code: [src]") }, "\(notes.texts)")
    #expect(try await project.packages() == [])
    let more = Notes()
    project.project.session.progress = more
    try project.write("requirements.txt", "./\n")
    try await project.lock()
    #expect(!more.texts.contains { $0.contains("not in the image") })
    #expect(try await project.packages() == ["mine 0.3"])
  }

  @Test("a build that fails leaves nothing in the project, and says what the build system said")
  func failed() async throws {
    let project = try await LockedProject()
    try project.package("../dep", "dep", code: "VALUE = 1\n")
    try project.write(
      "../dep/pyproject.toml",
      "[project]\nname = 'dep'\nversion = '0.3'\n[build-system]\nrequires = []\nbuild-backend = 'nowhere'\nbackend-path = ['.']\n"
    )
    try project.write("requirements.txt", "../dep\n")
    let before = try project.locks()
    let error = await #expect(throws: PythonError.self) { try await project.lock() }
    #expect(
      error?.category == .failed && error?.hint != nil && error?.reason.contains("nowhere") == true,
      "\(error?.description ?? "")")
    #expect(try project.locks() == before)
    #expect(try FileStatus.find(project.project.path.appending("opz-wheels")) == nil)
  }
}

extension LockedProject {
  /// Writes a package of src layout, version 0.3, which uv builds without a network.
  fileprivate func package(_ directory: String, _ name: String, code: String) throws {
    try write(
      "\(directory)/pyproject.toml",
      "[project]\nname = '\(name)'\nversion = '0.3'\nrequires-python = '>=3.11'\n[build-system]\nrequires = ['uv_build']\nbuild-backend = 'uv_build'\n"
    )
    try write("\(directory)/src/\(name)/__init__.py", code)
  }

  fileprivate func uv(_ words: String...) throws {
    let program = try #require(project.session.environment["OPZ_UV"])
    let result = try ChildProcess.run(
      [program] + words + ["--offline", "--python", Python.interpreter().string, "--project", project.path.string])
    try #require(result.status == 0, "\(result.errorText)")
  }
}
