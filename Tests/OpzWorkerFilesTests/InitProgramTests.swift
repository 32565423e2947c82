import OpzIO
import OpzTestKit
import OpzWorkerFiles
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// opz-init runs here beside other processes, and is the one that orphans come to, as it is as process 1.
@Suite("opz-init")
struct InitProgramTests {
  private let directory: TemporaryDirectory

  /// The program for a processor.
  enum Build: String, Sendable, CaseIterable {
    case amd64, arm64

    /// What runs it: nothing on its own processor, elsewhere QEMU, which Debian has as qemu-user-static; nil without it.
    var runner: [String]? {
      #if arch(arm64)
        let (own, machine) = (Build.arm64, "x86_64")
      #else
        let (own, machine) = (Build.amd64, "aarch64")
      #endif
      if self == own { return [] }
      let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
      let names = ["qemu-\(machine)-static", "qemu-\(machine)"]
      return names.lazy.compactMap { ProgramSearch.find($0, in: environment) }.first.map { [$0.string] }
    }

    /// Those that run here: the other processor's is left out where there is no QEMU.
    static let here = allCases.filter { $0.runner != nil }

    /// This processor's alone: QEMU has no process groups and orphans as a kernel has them.
    static let own = allCases.filter { $0.runner == [] }
  }

  init() throws { directory = try TemporaryDirectory() }

  /// The words that start opz-init.
  private func program(_ build: Build) throws -> [String] {
    let program = directory.path.appending("opz-init")
    try Durable.replace(program, with: try #require(WorkerFiles.initProgram(architecture: build.rawValue)))
    try #require(chmod(program.string, 0o755) == 0)
    return try #require(build.runner) + [program.string]
  }

  /// Starts a program below opz-init; what it prints is in `log`.
  private func start(_ build: Build, _ words: String...) throws -> ChildProcess {
    try ChildProcess.start(try program(build) + words, output: .file(log), errors: .file(log))
  }

  private var log: FilePath { directory.path.appending("log") }

  private var output: String {
    ((try? FileBlob(log).bytes()) ?? []).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func wait(for text: String, _ child: ChildProcess) async throws {
    for _ in 0..<6000 {
      if output.contains(text) { return }
      try #require(child.poll() == nil, "it ended and said \(output)")
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("no \"\(text)\" in \(output)")
  }

  @Test(
    "the status is the program's", arguments: Build.here,
    [
      (["sh", "-c", "exit 0"], 0), (["sh", "-c", "exit 7"], 7), (["/bin/sh", "-c", "kill -9 $$"], 137),
      (["nowhere"], 127), (["/nowhere/program"], 127), (["/etc/passwd/x"], 127), (["/etc/passwd"], 126), (["/"], 126),
      ([""], 127), ([], 64),
    ] as [([String], Int32)])
  func status(build: Build, program case: (words: [String], status: Int32)) throws {
    let (words, status) = `case`
    let result = try ChildProcess.run(try program(build) + words)
    #expect(result.status == status, "\(result.errorText)")
    #expect(result.errorText.isEmpty == !(status == 64 || status == 126 || status == 127))
  }

  @Test("a program is looked for in PATH, and gets its arguments and variables as they are", arguments: Build.here)
  func path(build: Build) throws {
    let program = try program(build)
    let place = directory.path.appending("bin")
    try directory.write("bin/greet", "#!/bin/sh\necho \"$# $1 $A\"\n", mode: 0o755)
    let long = String(repeating: "x", count: 5000)
    for path in ["\(place)", "/nowhere:\(place)", "\(long):\(place):/bin", "/etc/passwd:\(place)"] {
      let result = try ChildProcess.run(
        program + ["greet", "a b", ""], environment: ["A=1=2", "PATH=\(path)", "B"])
      #expect(result.text == "2 a b 1=2\n", "\(path): \(result.errorText)")
    }
    let nowhere = try ChildProcess.run(program + ["greet"], environment: ["PATH=/nowhere"])
    #expect(nowhere.status == 127 && nowhere.errorText.contains("greet: no such program"))
    let usual = try ChildProcess.run(program + ["true"], environment: ["A=b"])
    #expect(usual.status == 0)
  }

  @Test("signals reach the program", arguments: Build.here, [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGWINCH])
  func signals(build: Build, signal: Int32) async throws {
    let child = try start(
      build, "sh", "-c", "trap 'echo got; exit 5' \(signal); echo up; while :; do sleep 0.02; done")
    defer { child.send(signal: SIGKILL) }
    try await wait(for: "up", child)
    child.send(signal: signal)
    #expect(try await blocking { child.wait() } == 5)
    #expect(output.contains("got"))
  }

  @Test("a program that does not handle SIGTERM ends by it, as it would not as process 1", arguments: Build.here)
  func unhandled(build: Build) async throws {
    let child = try start(build, "sh", "-c", "echo up; exec sleep 600")
    defer { child.send(signal: SIGKILL) }
    try await wait(for: "up", child)
    child.send(signal: SIGTERM)
    #expect(try await blocking { child.wait() } == 143)
  }

  @Test(
    "a shell that the signal ends leaves its server behind, which gets the signal next and is waited for",
    arguments: Build.own)
  func shell(build: Build) async throws {
    let server = "trap 'echo draining; sleep 0.3; echo drained; exit 0' TERM; echo up; while :; do sleep 0.02; done"
    let child = try start(build, "sh", "-c", "sh -c \"$1\"; echo after", "sh", server)
    defer { child.send(signal: SIGKILL) }
    try await wait(for: "up", child)
    child.send(signal: SIGTERM)
    #expect(try await blocking { child.wait() } == 143)
    #expect(output.contains("drained") && !output.contains("after"), "\(output)")
  }

  @Test(
    "a server that ends by itself is not waited for longer, and its workers do not get the signal from opz-init",
    arguments: Build.own)
  func workers(build: Build) async throws {
    // It ends with the test, even if the directory is gone before it looks.
    let lasts = "[ -d \(directory.path) ] && [ ! -e \(directory.path)/end ]"
    let worker = "trap 'echo worker got it' TERM; echo up; while \(lasts); do sleep 0.02; done"
    let server = "trap 'exit 4' TERM; sh -c \"$1\" & while :; do sleep 0.02; done"
    let child = try start(build, "sh", "-c", server, "sh", worker)
    defer { child.send(signal: SIGKILL) }
    try await wait(for: "up", child)
    child.send(signal: SIGTERM)
    #expect(try await blocking { child.wait() } == 4)
    #expect(!output.contains("worker got it"), "\(output)")
    try directory.write("end", "")
  }

  @Test("orphans are reaped", arguments: Build.own)
  func orphans(build: Build) async throws {
    // The process number of an orphan that ended stays taken until somebody waits for it.
    let child = try start(
      build, "sh", "-c",
      """
      orphan=$(sh -c 'sleep 0.01 >/dev/null 2>&1 & echo $!')
      for step in $(seq 3000); do [ -e /proc/$orphan ] || { echo reaped; exit 0; }; sleep 0.02; done
      echo left
      """)
    #expect(try await blocking { child.wait() } == 0)
    #expect(output == "reaped\n")
  }

  @Test("both programs are those of the source, where the clang that compiled them is at hand")
  func compiled() throws {
    let root = PackageRoot.path(#filePath)
    let known = String(
      decoding: try FileBlob(root.appending("Sources/OpzWorkerFiles/Init/COMPILER")).bytes(), as: UTF8.self)
    let clang = try? ChildProcess.run(["clang", "--version"])
    guard let clang, clang.text.split(separator: "\n").first.map({ "\($0)\n" }) == known else { return }
    let made = try ChildProcess.run([root.appending("scripts/make-init").string, directory.path.string])
    try #require(made.status == 0, "\(made.errorText)")
    for name in ["amd64", "arm64"] {
      let bytes = try FileBlob(directory.path.appending("opz-init-\(name)")).bytes()
      #expect(WorkerFiles.initProgram(architecture: name) == bytes)
    }
    #expect(WorkerFiles.initProgram(architecture: "riscv64") == nil)
  }
}
