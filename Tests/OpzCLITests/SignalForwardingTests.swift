import OpzIO
import Testing

@testable import OpzCLI

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("Signals that opz serve forwards")
struct SignalForwardingTests {
  private func sleeper() throws -> ChildProcess { try ChildProcess.start(["/bin/sleep", "600"]) }

  @Test("a signal that came before the server ends it as soon as it is there")
  func before() throws {
    let signals = SignalForwarding()
    #expect(!signals.isStopping)
    signals.receive(SIGTERM)
    #expect(signals.isStopping)
    let child = try sleeper()
    signals.begin(to: child.pid)
    #expect(child.wait() == 128 + SIGTERM)
  }

  @Test("a signal goes to the server once, and to no process that has its number afterwards")
  func afterwards() throws {
    let signals = SignalForwarding()
    let child = try sleeper()
    signals.begin(to: child.pid)
    signals.receive(SIGINT)
    #expect(child.wait() == 128 + SIGINT)
    signals.end()
    // Its number, as it were: nothing is sent to it any more.
    let other = try sleeper()
    signals.receive(SIGHUP)
    #expect(other.poll() == nil)
    other.send(signal: SIGKILL)
    #expect(other.wait() == 128 + SIGKILL)
    // What came between two servers goes to the next.
    let next = try sleeper()
    signals.begin(to: next.pid)
    #expect(next.wait() == 128 + SIGHUP)
  }
}
