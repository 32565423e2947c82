import OpzIO
import OpzTestKit
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite("Programs and processes of this machine")
struct ProcessTests {
  @Test("a program is the first executable file of its name in PATH")
  func search() throws {
    let directory = try TemporaryDirectory()
    try directory.write("a/tool", "no program")
    try Durable.makeDirectory(directory.path.appending("b/tool"))
    try directory.write("c/tool", "#!/bin/sh", mode: 0o755)
    let path = "relative::\(directory.path)/a:\(directory.path)/b:\(directory.path)/none:\(directory.path)/c"
    #expect(ProgramSearch.find("tool", in: ["PATH": path]) == directory.path.appending("c/tool"))
    #expect(ProgramSearch.find("tool", in: ["PATH": ""]) == nil && ProgramSearch.find("", in: ["PATH": path]) == nil)
    #expect(ProgramSearch.find("./tool", in: [:]) == "./tool")
    #expect(ProgramSearch.find("sh", in: [:])?.lastComponent == "sh")
  }

  @Test("memory of a process, its group and what is below it")
  func memory() throws {
    let program =
      "x=$(head -c 20000000 /dev/zero | tr '\\0' x); setsid sh -c 'y=$(head -c 20000000 /dev/zero | tr \"\\0\" y); echo; sleep 60' & wait"
    let child = try ChildProcess.start(["setsid", "sh", "-c", program])
    defer {
      child.send(signal: SIGTERM)
      _ = child.wait()
    }
    let own = try #require(ProcessMemory.of(getpid()))
    #expect(own.bytes >= own.ownBytes && own.ownBytes > 0)
    let limit = ContinuousClock.now + .seconds(60)
    // While a shell makes its text it may hold it twice, so one large tree does not mean that all is there.
    var (tree, group): (UInt64, UInt64) = (0, 0)
    repeat {
      usleep(10_000)
      tree = try #require(ProcessMemory.ofTree(child.pid)).bytes
      group = try #require(ProcessMemory.ofGroup(child.pid)).bytes
    } while ContinuousClock.now < limit && !(tree >= 36 << 20 && group >= 18 << 20 && group < tree)
    #expect(tree >= 36 << 20 && group >= 18 << 20 && group < tree)
    #expect(ProcessMemory.of(0) == nil && ProcessMemory.ofGroup(-1) == nil && ProcessMemory.of(Int32.max) == nil)
  }
}
