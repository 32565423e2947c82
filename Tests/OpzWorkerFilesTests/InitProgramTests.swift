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
  private let program: FilePath

  init() throws {
    directory = try TemporaryDirectory()
    program = directory.path.appending("opz-init")
    #if arch(arm64)
      let bytes = try #require(WorkerFiles.initProgram(architecture: "arm64"))
    #else
      let bytes = try #require(WorkerFiles.initProgram(architecture: "amd64"))
    #endif
    try Durable.replace(program, with: bytes)
    try #require(chmod(program.string, 0o755) == 0)
  }

  /// Starts a program below opz-init; what it prints is in `log`.
  private func start(_ words: String...) throws -> ChildProcess {
    try ChildProcess.start([program.string] + words, output: .file(log), errors: .file(log))
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
    "the status is the program's",
    arguments: [
      (["sh", "-c", "exit 0"], 0), (["sh", "-c", "exit 7"], 7), (["/bin/sh", "-c", "kill -9 $$"], 137),
      (["nowhere"], 127), (["/nowhere/program"], 127), (["/etc/passwd/x"], 127), (["/etc/passwd"], 126), (["/"], 126),
      ([""], 127), ([], 64),
    ] as [([String], Int32)])
  func status(words: [String], status: Int32) throws {
    let result = try ChildProcess.run([program.string] + words)
    #expect(result.status == status, "\(result.errorText)")
    #expect(result.errorText.isEmpty == !(status == 64 || status == 126 || status == 127))
  }

  @Test("a program is looked for in PATH, and gets its arguments and variables as they are")
  func path() throws {
    let place = directory.path.appending("bin")
    try directory.write("bin/greet", "#!/bin/sh\necho \"$# $1 $A\"\n", mode: 0o755)
    let long = String(repeating: "x", count: 5000)
    for path in ["\(place)", "/nowhere:\(place)", "\(long):\(place):/bin", "/etc/passwd:\(place)"] {
      let result = try ChildProcess.run(
        [program.string, "greet", "a b", ""], environment: ["A=1=2", "PATH=\(path)", "B"])
      #expect(result.text == "2 a b 1=2\n", "\(path): \(result.errorText)")
    }
    let nowhere = try ChildProcess.run([program.string, "greet"], environment: ["PATH=/nowhere"])
    #expect(nowhere.status == 127 && nowhere.errorText.contains("greet: no such program"))
    let usual = try ChildProcess.run([program.string, "true"], environment: ["A=b"])
    #expect(usual.status == 0)
  }

  @Test("signals reach the program", arguments: [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGWINCH])
  func signals(signal: Int32) async throws {
    let child = try start(
      "sh", "-c", "trap 'echo got; exit 5' \(signal); echo up; while :; do sleep 0.02; done")
    defer { child.send(signal: SIGKILL) }
    try await wait(for: "up", child)
    child.send(signal: signal)
    #expect(try await blocking { child.wait() } == 5)
    #expect(output.contains("got"))
  }

  @Test("a program that does not handle SIGTERM ends by it, as it would not as process 1")
  func unhandled() async throws {
    let child = try start("sh", "-c", "echo up; exec sleep 600")
    defer { child.send(signal: SIGKILL) }
    try await wait(for: "up", child)
    child.send(signal: SIGTERM)
    #expect(try await blocking { child.wait() } == 143)
  }

  @Test("a shell that the signal ends leaves its server behind, which gets the signal next and is waited for")
  func shell() async throws {
    let server = "trap 'echo draining; sleep 0.3; echo drained; exit 0' TERM; echo up; while :; do sleep 0.02; done"
    let child = try start("sh", "-c", "sh -c \"$1\"; echo after", "sh", server)
    defer { child.send(signal: SIGKILL) }
    try await wait(for: "up", child)
    child.send(signal: SIGTERM)
    #expect(try await blocking { child.wait() } == 143)
    #expect(output.contains("drained") && !output.contains("after"), "\(output)")
  }

  @Test("a server that ends by itself is not waited for longer, and its workers do not get the signal from opz-init")
  func workers() async throws {
    let worker = "trap 'echo worker got it' TERM; echo up; while [ ! -e \(directory.path)/end ]; do sleep 0.02; done"
    let child = try start("sh", "-c", "trap 'exit 4' TERM; sh -c \"$1\" & while :; do sleep 0.02; done", "sh", worker)
    defer { child.send(signal: SIGKILL) }
    try await wait(for: "up", child)
    child.send(signal: SIGTERM)
    #expect(try await blocking { child.wait() } == 4)
    #expect(!output.contains("worker got it"), "\(output)")
    try directory.write("end", "")
  }

  @Test("orphans are reaped")
  func orphans() async throws {
    // The process number of an orphan that ended stays taken until somebody waits for it.
    let child = try start(
      "sh", "-c",
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
