import OpzIO
import OpzTestKit
import Synchronization
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("Virtual environments of opz serve")
struct PythonEnvironmentsTests {
  let directory: TemporaryDirectory
  let environments: PythonEnvironments

  init() throws {
    directory = try TemporaryDirectory()
    environments = PythonEnvironments(directory.path)
  }

  private func place(_ key: String) -> FilePath { directory.path.appending("environments").appending(key) }

  private func make(_ place: FilePath) throws {
    try Durable.makeDirectory(place.appending("bin"))
    try Durable.replace(place.appending("bin").appending("python"), with: [])
  }

  @Test("those who need one at the same time make it once, and wait until it is whole")
  func once() async throws {
    let made = Made()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          try await blocking {
            let held = try environments.take("key") { place in
              made.count.withLock { $0 += 1 }
              usleepForTest()
              try make(place)
            }
            return try FileStatus.find(held.python) != nil
          }
        }
      }
      for try await isThere in group { #expect(isThere) }
    }
    #expect(made.count.withLock { $0 } == 1)
  }

  @Test("what a killed process left is made anew")
  func killed() throws {
    struct Killed: Error {}
    #expect(throws: Killed.self) {
      try environments.take("key") { place in
        try make(place)
        try Durable.replace(place.appending("half"), with: [])
        throw Killed()
      }
    }
    _ = try environments.take("key", make: make)
    #expect(try FileStatus.find(place("key").appending("half")) == nil)
  }

  @Test("gc removes what is not whole or was not used for a month, and nothing that runs")
  func collected() throws {
    #expect(try environments.collect(isDryRun: false) == 0)
    let later = Timestamp(milliseconds: Timestamp.now().milliseconds + (PythonEnvironments.days + 1) * 86_400_000)
    var held: PythonEnvironments.Held? = try environments.take("used", make: make)
    _ = try environments.take("old", make: make)
    try make(place("half"))
    #expect(try environments.collect(isDryRun: true) == 1)
    #expect(try environments.collect(isDryRun: false) == 1)
    #expect(try FileStatus.find(place("half")) == nil && FileStatus.find(place("old")) != nil)
    #expect(try environments.collect(isDryRun: false, now: later) == 1)
    #expect(try FileStatus.find(place("old")) == nil && FileStatus.find(place("used")) != nil)
    #expect(held != nil)
    held = nil
    #expect(try environments.collect(isDryRun: false, now: later) == 1)
    #expect(try FileStatus.find(place("used")) == nil)
  }
}

private final class Made: Sendable {
  let count = Mutex(0)
}

/// Long enough for the others to come.
private func usleepForTest() { _ = try? ChildProcess.run(["sleep", "0.2"]) }
