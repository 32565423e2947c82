import OpzArchive
import OpzIO
import OpzPython
import OpzTestKit
import SystemPackage
import Testing

private typealias File = HandMadeWheel.File

/// Compares with what pip installs from the same wheel.
@Suite("Wheels, compared with pip") struct PipTests {
  /// Runs pip with a fixed umask. Even with a prefix, pip removes a package of the same name from its own environment
  /// unless it is told to ignore installed packages.
  private static let install = """
    import os, runpy, sys
    os.umask(0o022)
    sys.argv = ["pip", "install", "--ignore-installed", "--no-index", "--no-deps", "--no-compile",
                "--disable-pip-version-check", "--no-warn-script-location", "--quiet", "--prefix", sys.argv[1], sys.argv[2]]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
    """

  /// Reads a RECORD as Python does and compares it with the files.
  private static let check = """
    import base64, csv, hashlib, os, sys
    root, record = sys.argv[1], sys.argv[2]
    library = os.path.dirname(os.path.dirname(record))
    listed = set()
    for path, digest, size in csv.reader(open(record, newline="", encoding="utf-8")):
        place = os.path.normpath(os.path.join(library, path))
        assert place not in listed, path
        listed.add(place)
        if place == record:
            assert (digest, size) == ("", "")
            continue
        content = open(place, "rb").read()
        assert size == str(len(content)), path
        encoded = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        assert digest == "sha256=" + encoded, path
    found = {os.path.join(directory, name) for directory, _, names in os.walk(root) for name in names}
    assert found == listed, found ^ listed
    """

  private static let wheels: [HandMadeWheel] = [
    HandMadeWheel([
      File("handmade/"), File("handmade/__init__.py", "x = 1\n"),
      File("handmade/cli.py", "def main():\n    print('run')\n    return 3\n"),
      File("handmade/tool", "#!/bin/sh\n", mode: 0o100755), File("handmade/group", "", mode: 0o100654),
      File("handmade/untyped", "x", mode: 0o755), File("handmade/dos", "x", mode: 0),
      File("handmade-1.0.data/data/share/handmade/model.txt", "model"),
      File("handmade-1.0.data/headers/handmade.h", "h"), File("handmade-1.0.dist-info/licenses/LICENSE", "free"),
      File(
        "handmade-1.0.dist-info/entry_points.txt",
        "[console_scripts]\nhandmade-run = handmade.cli:main\n[gui_scripts]\nw=handmade:x.real\n"),
    ]),
    HandMadeWheel([
      File("compiled.so", "\u{7f}ELF", mode: 0o100755), File("handmade-1.0.data/purelib/pure/a.py", "a"),
      File("handmade-1.0.data/platlib/plat/b.py", "b"),
      File("handmade-1.0.data/scripts/one", "#!python\nprint(1)\n", mode: 0o100755),
      File("handmade-1.0.data/scripts/two", "#!pythonw -s\r\nprint(2)", mode: 0o100755),
      File("handmade-1.0.data/scripts/three", "#!/bin/sh\n", mode: 0o100755),
      File("handmade-1.0.data/scripts/sub/four", "#!python", mode: 0o100755),
      File("handmade-1.0.data/scripts/command", "left out", mode: 0o100755),
      File("handmade-1.0.data/scripts/command-script.py", "left out", mode: 0o100755),
      File("handmade-1.0.data/scripts/command.exe", "left out", mode: 0o100755),
      File("handmade-1.0.data/scripts/Command", "kept", mode: 0o100755),
      File(
        "handmade-1.0.dist-info/entry_points.txt", "[console_scripts]\n# old\ncommand=compiled:Deep.main [x,y]\n"),
    ]).with("WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-any\n"),
    HandMadeWheel([
      File("a, b.txt", "comma"), File("say \"hi\".txt", "quotes"), File("h\u{e9}llo/\u{4f60}\u{597d}.py", "unicode"),
      File("empty.py"), File("pkg/vendor/other-1.dist-info/METADATA", "x"), File("pkg/old.pyc", "compiled"),
    ]),
  ]

  @Test(arguments: 0..<3) func sameFiles(index: Int) throws {
    let wheel = PipTests.wheels[index]
    let directory = try TemporaryDirectory()
    let file = directory.path.appending(wheel.fileName)
    try Durable.replace(file, with: wheel.bytes, mode: 0o644)
    let theirs = directory.path.appending("theirs")
    let installed = try Python.run(["-c", PipTests.install, theirs.appending("p").string, file.string])
    try #require(installed.status == 0, "pip: \(installed.errorText)")
    let expected = try PipTests.files(theirs)

    let ours = directory.path.appending("ours")
    try PipTests.write(try wheel.opened().entries(in: try PipTests.layout(of: expected)), to: ours)
    let found = try PipTests.files(ours)
    let commands = Set(try wheel.opened().entryPoints.map { "p/bin/\($0.name)" })
    #expect(Set(found.keys.filter(PipTests.isOfTheWheel)) == Set(expected.keys.filter(PipTests.isOfTheWheel)))
    for (path, theirs) in expected where PipTests.isOfTheWheel(path) {
      #expect(found[path]?.mode == theirs.mode, "\(path)")
      #expect(commands.contains(path) || found[path]?.content == theirs.content, "\(path)")
    }
    let record = try #require(found.keys.first { $0.hasSuffix(".dist-info/RECORD") })
    let checked = try Python.run(["-c", PipTests.check, ours.string, ours.appending(record).string])
    #expect(checked.status == 0, "\(checked.errorText)")
  }

  @Test func aGeneratedScriptRuns() throws {
    let directory = try TemporaryDirectory()
    try PipTests.write(try PipTests.wheels[0].opened().entries(in: try standardLayout()), to: directory.path)
    let code = """
      import importlib.metadata, runpy, sys
      sys.path.insert(0, sys.argv[1])
      distribution = importlib.metadata.distribution("handmade")
      assert distribution.version == "1.0" and distribution.read_text("INSTALLER") == "opz\\n"
      assert all(file.locate().exists() for file in distribution.files)
      runpy.run_path(sys.argv[2], run_name="__main__")
      """
    let site = directory.path.appending("opt/python/lib/python3.12/site-packages").string
    let script = directory.path.appending("opt/python/bin/handmade-run").string
    let result = try Python.run(["-c", code, site, script])
    #expect(result.status == 3 && result.text == "run\n", "\(result.errorText)")
  }

  private struct OnDisk {
    let mode: UInt32
    let content: [UInt8]
  }

  /// Files that each installer writes differently.
  private static func isOfTheWheel(_ path: String) -> Bool {
    !["/RECORD", "/INSTALLER", "/direct_url.json", "/REQUESTED"].contains { path.hasSuffix($0) }
  }

  private static func write(_ entries: [TarEntry], to root: FilePath) throws {
    for entry in entries {
      guard case .file(let content) = entry.kind else { continue }
      let place = root.pushing(entry.path)
      try Durable.makeDirectory(place.removingLastComponent())
      try Durable.replace(place, with: try content.bytes(), mode: entry.mode)
    }
  }

  private static func files(_ root: FilePath) throws -> [String: OnDisk] {
    var files: [String: OnDisk] = [:]
    func walk(_ directory: FilePath, _ prefix: String) throws {
      for name in try Directory.entries(directory) {
        let place = directory.appending(name)
        let status = try FileStatus.of(place, followLinks: false)
        if status.kind == .directory {
          try walk(place, prefix + name.string + "/")
        } else {
          files[prefix + name.string] = OnDisk(mode: status.mode & 0o7777, content: try FileBlob(place).bytes())
        }
      }
    }
    try walk(root, "")
    return files
  }

  /// Where this Python's pip installed the files, which depends on its version and its distributor.
  private static func layout(of files: [String: OnDisk]) throws -> InstallLayout {
    let record = try #require(files.keys.first { $0.hasSuffix(".dist-info/RECORD") })
    let library = FilePath(record).removingLastComponent().removingLastComponent()
    let header = files.keys.first { $0.hasSuffix("/handmade/handmade.h") } ?? "p/include/handmade/handmade.h"
    return try InstallLayout(
      purelib: library, platlib: library, scripts: "p/bin", data: "p",
      headers: FilePath(header).removingLastComponent().removingLastComponent(),
      interpreter: Python.interpreter().string)
  }
}
