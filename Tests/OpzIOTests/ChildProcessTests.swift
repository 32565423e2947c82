import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("Child processes")
struct ChildProcessTests {
  @Test("return their output, errors and status")
  func output() throws {
    let result = try ChildProcess.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    #expect(result.status == 3)
    #expect(result.text == "out\n")
    #expect(result.errorText == "err\n")
  }

  @Test("do not deadlock on output larger than a pipe in both directions")
  func large() throws {
    let input = [UInt8](repeating: 7, count: 3 << 20)
    let result = try ChildProcess.run(["sh", "-c", "cat; head -c 2000000 /dev/zero >&2"], input: input)
    #expect(result.status == 0)
    #expect(result.output == input)
    #expect(result.errors.count == 2_000_000)
  }

  @Test("may ignore their input")
  func closedInput() throws {
    let result = try ChildProcess.run(["true"], input: [UInt8](repeating: 0, count: 1 << 20))
    #expect(result.status == 0)
  }

  @Test("output beyond the limit is dropped")
  func limit() throws {
    let result = try ChildProcess.run(["head", "-c", "1000000", "/dev/zero"], limit: 1000)
    #expect(result.output.count == 1000)
  }

  @Test("killed by a signal report the signal")
  func signal() throws {
    let result = try ChildProcess.run(["sh", "-c", "kill -9 $$"])
    #expect(result.status == 137)
  }

  @Test("see only the environment and directory that they are given")
  func environment() throws {
    let directory = try TemporaryDirectory()
    let result = try ChildProcess.run(
      ["sh", "-c", "pwd; env | grep ^OPZ"], environment: ["PATH=/usr/bin:/bin", "OPZ_X=1"], directory: directory.path)
    #expect(result.text == "\(directory.path)\nOPZ_X=1\n")
  }

  @Test("a missing program is an error of category notFound")
  func missing() {
    let failure = #expect(throws: IOFailure.self) { try ChildProcess.run(["opz-no-such-program"]) }
    #expect(failure?.category == .notFound)
  }

  @Test("can be waited for and stopped")
  func stop() async throws {
    let child = try ChildProcess.start(["sleep", "60"])
    #expect(child.poll() == nil)
    child.send(signal: 15)
    #expect(try await blocking { child.wait() } == 143)
  }
}
