import OpzArchive
import OpzIO
import OpzPython
import OpzTestKit
import SystemPackage
import Testing

private typealias File = HandMadeWheel.File

private func refusal(_ wheel: HandMadeWheel) -> PythonError.Code? {
  failure { _ = try wheel.opened().entries(in: try standardLayout()) }?.code
}

@Suite("Wheels") struct WheelTests {
  private static let site = "opt/python/lib/python3.12/site-packages"

  private static let whole = HandMadeWheel([
    File("handmade/"), File("handmade/__init__.py", "x = 1\n"), File("handmade/tool", "#!/bin/sh\n", mode: 0o100755),
    File("handmade/untyped", "", mode: 0o755), File("handmade/odd, \"name\".txt", "odd"),
    File("handmade-1.0.data/purelib/pure.py", "pure"), File("handmade-1.0.data/platlib/plat.so", "plat"),
    File("handmade-1.0.data/data/share/handmade/model.txt", "model"), File("handmade-1.0.data/headers/handmade.h", "h"),
    File("handmade-1.0.data/scripts/old", "#!python -E\nprint(1)\n"),
    File("handmade-1.0.data/scripts/windowed", "#!pythonw"),
    File("handmade-1.0.data/scripts/shell", "#!/bin/sh\nls\n"),
    File("handmade-1.0.data/scripts/run-script.py", "left out"), File("handmade-1.0.data/scripts/RUN.exe", "kept"),
    File("handmade-1.0.dist-info/INSTALLER", "builder"), File("handmade-1.0.dist-info/direct_url.json", "{}"),
    File(
      "handmade-1.0.dist-info/entry_points.txt",
      """
      # commands
      [console_scripts]
      run = handmade.cli:main
      deep=handmade.cli : Command.run  [extra1, extra2]

      [other.group]
      anything: goes
        here
      [gui_scripts]
        window = handmade:été
        second = handmade:b
      """),
  ]).with { wheel in
    wheel.unlisted = [File("handmade-1.0.dist-info/RECORD.jws", "{}"), File("handmade-1.0.dist-info/RECORD.p7s")]
  }

  @Test func whatItSays() throws {
    let wheel = try WheelTests.whole.opened()
    #expect(wheel.distInfo == "handmade-1.0.dist-info" && wheel.isPurelib)
    #expect(wheel.metadata.name == "handmade" && wheel.metadata.version == "1.0")
    #expect(wheel.metadata.requiresPython == ">=3.9" && wheel.metadata.requiresDist.isEmpty)
    #expect(wheel.tags.map(\.description) == ["py3-none-any"])
    #expect(wheel.entryPoints.map(\.name) == ["run", "deep", "window", "second"])
    #expect(wheel.entryPoints.map(\.group) == [.console, .console, .gui, .gui])
    #expect(wheel.entryPoints.map(\.function) == ["main", "Command.run", "été", "b"])
    #expect(wheel.entryPoints[1].module == "handmade.cli")
  }

  @Test func whatIsLaid() throws {
    let entries = try WheelTests.whole.opened().entries(in: try standardLayout())
    let files = try laid(entries)
    let site = WheelTests.site
    func file(_ text: String, _ mode: UInt32 = 0o644) -> LaidFile { LaidFile(mode: mode, text: text) }
    func script(_ text: String) -> LaidFile { file("#!/usr/bin/env python3.12\n" + text, 0o755) }
    func calling(_ module: String, _ imported: String, function: String) -> LaidFile {
      script("from \(module) import \(imported)\n\nif __name__ == \"__main__\":\n    raise SystemExit(\(function)())\n")
    }
    let expected: [String: LaidFile] = [
      "\(site)/handmade/__init__.py": file("x = 1\n"), "\(site)/handmade/tool": file("#!/bin/sh\n", 0o755),
      "\(site)/handmade/untyped": file(""), "\(site)/handmade/odd, \"name\".txt": file("odd"),
      "\(site)/pure.py": file("pure"), "\(site)/plat.so": file("plat"),
      "opt/python/share/handmade/model.txt": file("model"),
      "opt/python/include/python3.12/handmade/handmade.h": file("h"),
      "opt/python/bin/old": script("print(1)\n"), "opt/python/bin/windowed": script(""),
      "opt/python/bin/shell": file("#!/bin/sh\nls\n", 0o755), "opt/python/bin/RUN.exe": file("kept", 0o755),
      "opt/python/bin/run": calling("handmade.cli", "main", function: "main"),
      "opt/python/bin/deep": calling("handmade.cli", "Command", function: "Command.run"),
      "opt/python/bin/window": calling("handmade", "été", function: "été"),
      "opt/python/bin/second": calling("handmade", "b", function: "b"),
      "\(site)/handmade-1.0.dist-info/INSTALLER": file("opz\n"),
    ]
    for (path, content) in expected { #expect(files[path] == content, "\(path)") }
    let metadata = ["METADATA", "WHEEL", "RECORD", "entry_points.txt"].map { "\(site)/handmade-1.0.dist-info/\($0)" }
    #expect(Set(files.keys) == Set(expected.keys).union(metadata))
    let paths = entries.map { Array($0.path.string.utf8) }
    #expect(paths == paths.sorted { $0.lexicographicallyPrecedes($1) })
    #expect(throws: Never.self) { try LayerContent(entries) }
  }

  @Test func theNewRecord() throws {
    let files = try laid(try WheelTests.whole.opened().entries(in: try standardLayout()))
    let record = try #require(files["\(WheelTests.site)/handmade-1.0.dist-info/RECORD"]?.text)
    var expected: [String] = []
    for (path, file) in files {
      let isInside = path.hasPrefix(WheelTests.site + "/")
      let relative =
        isInside
        ? String(path.dropFirst(WheelTests.site.count + 1)) : "../../../" + path.dropFirst("opt/python/".count)
      let field = HandMadeWheel.field(relative)
      let content = Array(file.text.utf8)
      expected.append(
        relative.hasSuffix("/RECORD") ? "\(field),," : "\(field),\(recordDigest(content)),\(content.count)")
    }
    #expect(record.hasSuffix("\n"))
    let lines = record.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    #expect(lines == expected.sorted { WheelTests.path($0).lexicographicallyPrecedes(WheelTests.path($1)) })
    #expect(lines.first?.hasPrefix("../../../bin/RUN.exe,") == true)
  }

  /// Without the quotes, because the lines are sorted without them.
  private static func path(_ line: String) -> [UInt8] {
    Array((line.hasPrefix("\"") ? line.dropFirst() : line[...]).utf8)
  }

  /// Golden digest: if it changes, every user's layer changes.
  @Test func theSameBytesEachTime() throws {
    for _ in 0..<2 {
      var sink = NoSink()
      let entries = try WheelTests.whole.opened().entries(in: try standardLayout())
      let written = try LayerWriter.write(try LayerContent(entries), .none, to: &sink)
      #expect(written.digest.hex == "b7995b18e1a84d0a01ba6121da65c3afa1fd0367a1926b035410e4d51faea308")
    }
  }

  @Test func platlibAndOtherLayouts() throws {
    let wheel = try WheelTests.whole.with("WHEEL", "Wheel-Version: 1.9\r\nRoot-Is-Purelib: False\r\n").opened()
    #expect(!wheel.isPurelib && wheel.tags.isEmpty)
    let layout = try InstallLayout(
      purelib: "usr/lib/python3/dist-packages", platlib: "usr/lib64/p", scripts: "usr/bin", data: "usr",
      headers: "usr/include", interpreter: "/usr/bin/python3")
    let files = try laid(try wheel.entries(in: layout))
    #expect(files["usr/lib64/p/handmade/__init__.py"] != nil && files["usr/lib64/p/plat.so"] != nil)
    #expect(files["usr/lib/python3/dist-packages/pure.py"] != nil)
    let record = try #require(files["usr/lib64/p/handmade-1.0.dist-info/RECORD"]?.text)
    let paths = record.split(separator: "\n").map { String($0.prefix { $0 != "," }) }
    for path in [
      "../../bin/run", "../../lib/python3/dist-packages/pure.py", "plat.so", "../../include/handmade/handmade.h",
    ] {
      #expect(paths.contains(path), "\(path)")
    }
  }

  @Test(arguments: ["", "/opt", "opt/../etc", "../x", ".", "opt/./x", "a\nb"]) func layouts(path: String) {
    for index in 0..<5 {
      let paths = (0..<5).map { $0 == index ? FilePath(path) : "opt" }
      let error = failure {
        _ = try InstallLayout(
          purelib: paths[0], platlib: paths[1], scripts: paths[2], data: paths[3], headers: paths[4],
          interpreter: "/usr/bin/python")
      }
      #expect(error?.code == .malformed)
    }
  }

  @Test(arguments: ["", "python", "/usr/bin/a\nb", "/é", "/" + String(repeating: "a", count: 124)])
  func interpreters(interpreter: String) {
    let error = failure { _ = try InstallLayout(prefix: "opt", python: "3.12", interpreter: interpreter) }
    #expect(error?.code == .malformed)
  }

  @Test func directoriesOfMetadata() {
    let wheel = HandMadeWheel([File("a.py")])
    #expect(refusal(wheel) == nil)
    for stem in ["Handmade-1.0", "handmade-1.0.0"] { #expect(refusal(HandMadeWheel([], stem: stem)) == nil) }
    for stem in ["HAND_MADE-1.0", "hand.made-1.0", "handmade-2.0", "other-1.0", "handmade", "-", ""] {
      #expect(refusal(HandMadeWheel([], stem: stem)) == .malformed, "\(stem)")
    }
    #expect(refusal(wheel.with { $0.files.append(File("other-1.0.dist-info/METADATA")) }) == .malformed)
    #expect(refusal(wheel.with { $0.files.append(File("vendor/other-1.0.dist-info/METADATA")) }) == nil)
    for file in ["METADATA", "WHEEL"] { #expect(refusal(wheel.with(file, nil)) == .malformed) }
    // A letter outside ASCII whose lower case is in ASCII.
    let kelvin = HandMadeWheel([], fileName: "k-1.0-py3-none-any.whl", stem: "\u{212A}-1.0")
    #expect(refusal(kelvin.with("METADATA", "Name: k\nVersion: 1.0\n")) == .malformed)
  }

  @Test(arguments: [
    ("Wheel-Version: 1.0\nRoot-Is-Purelib: true\n", true), ("wheel-version: 1.1\nROOT-IS-PURELIB: TRUE\n", true),
    ("Wheel-Version: 1\nRoot-Is-Purelib: true\nTag: py2.py3-none-any\n\nWheel-Version: 2", true),
    ("Wheel-Version: 2.0\nRoot-Is-Purelib: true\n", false), ("Wheel-Version: 10\nRoot-Is-Purelib: true\n", false),
    ("Wheel-Version: 0.9\nRoot-Is-Purelib: true\n", false), ("Wheel-Version: 1.0\n", false), ("", false),
    ("Root-Is-Purelib: true\n", false), ("Wheel-Version: 1.0\nRoot-Is-Purelib: yes\n", false),
    ("Wheel-Version: 1.0\nWheel-Version: 1.0\nRoot-Is-Purelib: true\n", false),
    ("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nRoot-Is-Purelib: false\n", false),
    // The file name decides what a wheel fits.
    ("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none\nTag: $(tag)\nTag: \n", true),
    ("\nWheel-Version: 1.0\nRoot-Is-Purelib: true\n", false),
  ])
  func wheelFiles(text: String, isGood: Bool) {
    #expect(refusal(HandMadeWheel([]).with("WHEEL", text)) == (isGood ? nil : .malformed))
  }

  @Test(arguments: ["", "\nRequires-Dist: body\n", "\r\nRequires-Dist: body\n", "no field\nRequires-Dist: body\n"])
  func metadataFields(end: String) throws {
    let text = """
      Metadata-Version: 2.4\r
      name: Hand.Made
      VERSION:1.0\r
      Requires-Dist: numpy >=1.24 ; extra == "fast"
      Requires-Dist: b
      Description: first
              |second
      Requires-Dist:c
      Provides-Extra: fast

      """
    let wheel = HandMadeWheel([], fileName: "hand_made-1.0-py3-none-any.whl", stem: "hand_made-1.0")
    let metadata = try wheel.with("METADATA", text + end).opened().metadata
    #expect(metadata.name == "Hand.Made" && metadata.version == "1.0" && metadata.requiresPython == nil)
    #expect(metadata.requiresDist == ["numpy >=1.24 ; extra == \"fast\"", "b", "c"])
    #expect(metadata.providesExtra == ["fast"])
  }

  @Test(arguments: [
    "", "Name: handmade\n", "Version: 1.0\n", "Name: other\nVersion: 1.0\n", "Name: handmade\nVersion: 1.1\n",
    "Name: handmade\nName: handmade\nVersion: 1.0\n", "Name: ../handmade\nVersion: 1.0\n", "Name:\nVersion: 1.0\n",
    "Name: handmade\nversion: 1.0\nVersion: 2.0\n", "Name handmade\nVersion: 1.0\n", " Name: handmade\nVersion: 1.0\n",
    "Name: handmade\n /../x\nVersion: 1.0\n",
  ])
  func badMetadata(text: String) {
    #expect(refusal(HandMadeWheel([]).with("METADATA", text)) == .malformed)
  }

  @Test(arguments: [
    "a.py,DIGEST", "a.py,DIGEST,1,x", "a.py,,1", "a.py,,", "a.py,DIGEST,2", "a.py,DIGEST,-1", "a.py,DIGEST,x",
    "a.py,DIGEST=,1", "a.py,DIGESTA,1", "a.py,sha256=,1", "a.py,sha256,1", "a.py,md5=DMF1ucDxtqgxw5niaXcmYQ,1",
    "a.py,sha1=hvfkN_qlp_zhXR3cuerq6jd2Z7g,1", "a.py,SHA256=ypeBEsobvcr6wjGzmiPcTaeG7_gUfE5yuYB3ha_uSLs,1",
    "a.py,sha256=ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs,1", "a.py,sha512=ypeBEsobvcr6wjGzmiPcTaeG7_gUfE5y,1",
    "a.py,sha256=ypeBEsobvcr6wjGzmiPcTaeG7_gUfE5yuYB3ha_uSLt,1", "\"a.py,x", "\"a.py\"x,DIGEST,1", "./a.py,DIGEST,1",
    "/a.py,DIGEST,1", "x/../a.py,DIGEST,1", "A.py,DIGEST,1", "", "a.py,DIGEST,1\na.py,OTHER,1",
    "a.py,DIGEST,1\nc.py,DIGEST,1",
    "a.py,DIGEST,1\nc.py,,", "a.py,DIGEST,1\n../a.py,DIGEST,1", "a.py,DIGEST,1\nd,DIGEST,",
  ])
  func badRecords(line: String) {
    let wheel = HandMadeWheel([File("a.py", "a"), File("d/")]).with { $0.changeRecord = WheelTests.replacing(line) }
    #expect(refusal(wheel) == .malformed)
  }

  /// No size, unnecessary quotes, CRLF, a duplicate line, an empty line.
  @Test(arguments: [
    "a.py,DIGEST,1", "a.py,DIGEST,", "\"a.py\",\"DIGEST\",\"1\"\r", "a.py,DIGEST,1\na.py,DIGEST,1", "a.py,DIGEST,1\n\n",
    "a.py,sha512=H0D8ktokFpR1CXnubPWC8tXX0o4YM13gWrxU0FYOD1MChgxlK_CNVgJSql50IQVG82n7u86MEs_HlXsmUv6adQ,1",
  ])
  func goodRecords(line: String) throws {
    let wheel = HandMadeWheel([File("a.py", "a")]).with { $0.changeRecord = WheelTests.replacing(line) }
    let files = try laid(try wheel.opened().entries(in: try standardLayout()))
    #expect(files["\(WheelTests.site)/a.py"]?.text == "a")
  }

  /// Replaces the first line of RECORD, which describes `a.py`.
  private static func replacing(_ line: String) -> @Sendable (inout [String]) -> Void {
    { lines in
      lines[0] =
        line
        .split(separator: "DIGEST", omittingEmptySubsequences: false).joined(separator: recordDigest([97]))
        .split(separator: "OTHER", omittingEmptySubsequences: false).joined(separator: recordDigest([98]))
    }
  }

  @Test func filesThatRecordDoesNotList() {
    let wheel = HandMadeWheel([File("a.py", "a")])
    #expect(refusal(wheel.with { $0.unlisted = [File("hidden.py", "x")] }) == .malformed)
    #expect(refusal(wheel.with { $0.unlisted = [File("RECORD.jws", "x")] }) == .malformed)
    #expect(refusal(wheel.with { $0.changeRecord = { $0.removeFirst() } }) == .malformed)
    #expect(refusal(wheel.with { $0.changeRecord = { $0.removeAll() } }) == .malformed)
    // RECORD's own line may be missing.
    #expect(refusal(wheel.with { $0.changeRecord = { $0.removeLast() } }) == nil)
    #expect(refusal(wheel.with { $0.files.append(File("d/")) }) == nil)
  }

  /// The digest is checked while the content is read, before the last byte is returned.
  @Test(arguments: ["a.py", "handmade-1.0.data/scripts/plain", "empty"]) func wrongDigests(path: String) throws {
    let wheel = HandMadeWheel([
      File("a.py", "content"), File("empty"),
      File("handmade-1.0.data/scripts/plain", "#!/bin/sh" + String(repeating: " ", count: 600)),
    ]).with { wheel in
      wheel.changeRecord = { lines in
        for index in lines.indices where lines[index].hasPrefix(path) {
          lines[index] = "\(path),\(recordDigest(Array("other".utf8))),"
        }
      }
    }
    let entries = try wheel.opened().entries(in: try standardLayout())
    var failures = 0
    for entry in entries {
      guard case .file(let content) = entry.kind, let error = failure({ _ = try content.bytes() }) else { continue }
      failures += 1
      #expect(error.code == .wrongDigest && error.subject.contains(path))
      let last = failure { _ = try rest(of: content, from: max(1, Int(content.size)) - 1, piece: 1) }
      #expect(last?.code == .wrongDigest)
    }
    #expect(failures == 1)
    let error = failure {
      var sink = NoSink()
      _ = try LayerWriter.write(try LayerContent(entries), .none, to: &sink)
    }
    #expect(error?.code == .wrongDigest)
  }

  /// The error is not missed by reading exactly the announced number of bytes.
  @Test func theLastByteIsHeldBack() throws {
    let wheel = HandMadeWheel([File("a.py", "content")]).with { wheel in
      wheel.changeRecord = { $0[0] = "a.py,\(recordDigest([1])),7" }
    }
    let entries = try wheel.opened().entries(in: try standardLayout())
    guard case .file(let content)? = entries.first(where: { $0.path.string.hasSuffix("/a.py") })?.kind else {
      Issue.record("a.py is not there")
      return
    }
    let source = try content.open(at: 0)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 7, alignment: 1)
    defer { buffer.deallocate() }
    #expect(try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<6])) == 6)
    #expect(failure { _ = try source.read(into: buffer) }?.code == .wrongDigest)
    #expect(failure { _ = try content.open(at: 0).read(into: buffer) }?.code == .wrongDigest)
  }

  @Test(arguments: ["METADATA", "WHEEL", "entry_points.txt"]) func wrongDigestsOfWhatIsRead(file: String) {
    let wheel = HandMadeWheel([File("handmade-1.0.dist-info/entry_points.txt")]).with { wheel in
      wheel.changeRecord = { lines in
        for index in lines.indices where lines[index].contains(file) {
          lines[index] = "handmade-1.0.dist-info/\(file),\(recordDigest([1])),"
        }
      }
    }
    #expect(failure { _ = try wheel.opened() }?.code == .wrongDigest)
  }

  /// A script is read whole for its new digest, so a wrong digest is found immediately.
  @Test func wrongDigestOfAChangedScript() {
    let wheel = HandMadeWheel([File("handmade-1.0.data/scripts/s", "#!python\nx")]).with { wheel in
      wheel.changeRecord = { $0[0] = "handmade-1.0.data/scripts/s,\(recordDigest([1])),10" }
    }
    #expect(refusal(wheel) == .wrongDigest)
  }

  @Test(arguments: [
    ("#!python\n", ""), ("#!python", ""), ("#!python3 -E -s\nrest", "rest"), ("#!pythonw\r\nrest", "rest"),
    ("#!python" + String(repeating: "x", count: 60_000) + "\nrest", "rest"),
    ("#!python\n" + String(repeating: "rest", count: 50_000), String(repeating: "rest", count: 50_000)),
  ])
  func firstLines(text: String, rest expected: String) throws {
    let wheel = HandMadeWheel([File("handmade-1.0.data/scripts/s", text)])
    let entries = try wheel.opened().entries(in: try standardLayout())
    let first = "#!/usr/bin/env python3.12\n"
    let files = try laid(entries)
    #expect(files["opt/python/bin/s"] == LaidFile(mode: 0o755, text: first + expected))
    let content = Array((first + expected).utf8)
    let record = files["\(WheelTests.site)/handmade-1.0.dist-info/RECORD"]?.text
    #expect(record?.hasPrefix("../../../bin/s,\(recordDigest(content)),\(content.count)\n") == true)
    guard case .file(let blob)? = entries.first(where: { $0.path == "opt/python/bin/s" })?.kind else { return }
    for offset in [0, 1, first.count - 1, first.count, first.count + 2, content.count, content.count + 5] {
      #expect(try rest(of: blob, from: offset) == Array(content.dropFirst(offset)), "from \(offset)")
    }
  }

  @Test(arguments: ["", "#", "#!pytho", "#!/usr/bin/python\n", " #!python\n", "\u{7f}ELF#!python", "#!PYTHON\n"])
  func otherFirstLines(text: String) throws {
    let wheel = HandMadeWheel([File("handmade-1.0.data/scripts/s", text)])
    let files = try laid(try wheel.opened().entries(in: try standardLayout()))
    #expect(files["opt/python/bin/s"] == LaidFile(mode: 0o755, text: text))
  }

  @Test func firstLinesWithoutEnd() {
    let endless = "#!python" + String(repeating: "x", count: 100_000)
    #expect(refusal(HandMadeWheel([File("handmade-1.0.data/scripts/s", endless)])) == .malformed)
  }

  @Test func twoFilesInOnePlace() {
    func with(_ paths: String...) -> PythonError.Code? { refusal(HandMadeWheel(paths.map { File($0, "x") })) }
    let data = "handmade-1.0.data"
    #expect(with("a.py", "\(data)/purelib/a.py") == .malformed)
    #expect(with("\(data)/platlib/a.py", "\(data)/purelib/a.py") == .malformed)
    #expect(with("a.py", "\(data)/data/lib/python3.12/site-packages/a.py") == .malformed)
    #expect(with("\(data)/scripts/a", "\(data)/data/bin/a") == .malformed)
    #expect(with("\(data)/purelib/handmade-1.0.dist-info/RECORD") == .malformed)
    #expect(with("\(data)/purelib/handmade-1.0.dist-info/INSTALLER") == .malformed)
    #expect(with("a.py", "\(data)/purelib/b.py") == nil)
    let command = File("handmade-1.0.dist-info/entry_points.txt", "[console_scripts]\nrun=a:b\n")
    #expect(refusal(HandMadeWheel([command, File("\(data)/scripts/run", "old")])) == nil)
    #expect(refusal(HandMadeWheel([command, File("\(data)/data/bin/run", "x")])) == .malformed)
  }

  @Test func dataDirectories() {
    func with(_ path: String) -> PythonError.Code? { refusal(HandMadeWheel([File(path, "x")])) }
    #expect(with("Handmade-1.0.0.data/data/x") == nil)
    for path in [
      "handmade-1.0.data/x", "handmade-1.0.data/include/x", "other-1.0.data/data/x", "x.data/y", ".data/data/x",
    ] {
      #expect(with(path) == .malformed, "\(path)")
    }
    #expect(with("pkg/x.data/data/y") == nil)
    #expect(with("x.data") == nil)
  }

  @Test(arguments: [
    "a/b=m:f", "../a=m:f", "..=m:f", ".=m:f", "=m:f", "a\\b=m:f", "a\u{b}b=m:f", "a\u{2028}b=m:f", "a\u{85}b=m:f",
    "a\u{0}=m:f", "a=m", "a=m:", "a=:f", "a=m:f:g", "a=m.:f", "a=.m:f", "a=m:f.", "a=m:f()", "a=m:f g", "a=m;x:f",
    "a=m:1f", "a=os:system('x')", "a=m:f\u{2028}import os", "a=m-x:f", "a", "a:m:f", "a=m:f\n  b=m:g", "a=m:f\na=m:g",
    "a=m:f [x", "a=[x]", "a=m:f\n[console_scripts]\nb=m:f", "a=m:f\n[gui_scripts]\na=m:f",
    String(repeating: "a", count: 256) + "=m:f",
  ])
  func badEntryPoints(text: String) {
    let file = File("handmade-1.0.dist-info/entry_points.txt", "[console_scripts]\n\(text)\n")
    #expect(refusal(HandMadeWheel([file])) == .malformed)
  }

  @Test(
    arguments: [
      ("", []), ("a=b:c", []), ("[other]\na=b:c\n", []), ("[console_scripts]", []),
      ("[ console_scripts ]\na=b:c", ["a"]), ("[Console_Scripts]\na=b:c", []),
      ("[console_scripts]\r\na = b:c\r\n; a = d:e\n#x\n\n  \nA_1.x-y z=b.c:d.e[x]\n", ["a", "A_1.x-y z"]),
      ("[gui_scripts]\n  a=_:_\n  b=ü:ü\n c=a:b", ["a", "b", "c"]),
    ] as [(String, [String])])
  func entryPoints(text: String, names: [String]) throws {
    let file = File("handmade-1.0.dist-info/entry_points.txt", text)
    #expect(try HandMadeWheel([file]).opened().entryPoints.map(\.name) == names)
  }

  /// Damaged metadata: any result is right except a trap.
  @Test(arguments: 0..<10) func mutations(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let bytes: [UInt8] = [0, 9, 10, 13, 0x20, 0x22, 0x2c, 0x2e, 0x3a, 0x3d, 0x5b, 0x5d, 0xcc, 0xff]
    var opened = 0
    for _ in 0..<60 {
      var wheel = WheelTests.whole
      let index = Int.random(in: 0..<wheel.files.count, using: &random)
      for _ in 0..<Int.random(in: 1...3, using: &random) where !wheel.files[index].content.isEmpty {
        let place = Int.random(in: 0..<wheel.files[index].content.count, using: &random)
        let byte = bytes.randomElement(using: &random) ?? 0
        if Bool.random(using: &random) {
          wheel.files[index].content[place] = byte
        } else {
          wheel.files[index].content.insert(byte, at: place)
        }
      }
      let cut = Int.random(in: 0..<1200, using: &random)
      if Int.random(in: 0..<3, using: &random) == 0 {
        wheel.changeRecord = { lines in
          var text = Array(lines.joined(separator: "\n").utf8)
          if cut < text.count { text.remove(at: cut) }
          lines = [String(decoding: text, as: UTF8.self)]
        }
      }
      if (try? laid(try wheel.opened().entries(in: try standardLayout()))) != nil { opened += 1 }
    }
    #expect((1..<60).contains(opened), "the mutations are neither all harmless nor all plainly broken")
  }
}
