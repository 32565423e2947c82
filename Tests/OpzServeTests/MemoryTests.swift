import OpzDeploy
import OpzIO
import OpzTestKit
import Synchronization
import SystemPackage
import Testing

@testable import OpzInference
@testable import OpzServe

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The static program, as deployed, against clients that send as much as the limits permit.
@Suite("Memory of opz-server")
struct MemoryTests {
  /// The memory limit in the example's manifests, and the part of it that is left for everything else.
  private static let limit = 256 << 20
  private static let room = 32 << 20

  /// One of the 600,000 values of a matrix as text, 23 bytes with its comma.
  private static func value(_ datatype: Datatype) -> String {
    let text = datatype == .bool ? "true" : datatype == .bytes ? #""twenty characters !!""# : "1"
    return String(repeating: " ", count: 22 - text.count) + text
  }

  /// A body of 13 MiB with data of this datatype.
  private static func body(_ datatype: Datatype, dataFirst: Bool) -> String {
    let value = MemoryTests.value(datatype)
    let data = #""data":["# + String(repeating: value + ",", count: 599_999) + value + "]"
    let rest = #""name":"x","shape":[100000,6],"datatype":"\#(datatype.rawValue)""#
    return #"{"inputs":[{"# + (dataFirst ? data + "," + rest : rest + "," + data) + "}]}"
  }

  /// Bodies that are mostly a single string.
  private static func texts(_ kind: Int) -> String {
    let filler = String(repeating: kind % 2 == 0 ? "x" : #"\u0001"#, count: kind % 2 == 0 ? 13 << 20 : 2 << 20)
    switch kind / 2 {
    case 0: return #"{"id":"\#(filler)","inputs":[]}"#
    case 1: return #"{"\#(filler)":1,"inputs":[]}"#
    case 2: return #"{"inputs":[{"name":"\#(filler)","shape":[1,6],"datatype":"FP32","data":[1]}]}"#
    default: return #"{"inputs":[{"name":"plan","shape":[1],"datatype":"BYTES","data":["\#(filler)"]}]}"#
    }
  }

  private static func send(_ body: String, chunked: Bool, _ port: Int) throws -> Int {
    let connection = try RawConnection(port: port)
    let head = "POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
    if chunked {
      connection.send(head + "Transfer-Encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n")
      connection.send(body + "\r\n0\r\n\r\n")
    } else {
      connection.send(head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
    }
    let response = try connection.receiveAll()
    #expect(!response.hasPrefix("HTTP/1.1 503") || response.contains("\r\nRetry-After: "))
    return Int(response.dropFirst(9).prefix(3)) ?? 0
  }

  @Test("With eight clients and bodies of 13 MiB of every datatype, it stays within its memory limit")
  func datatypes() async throws {
    let server = try await blocking {
      try RunningServer(
        ["--model", RunningServer.fixture("binary.json").string, "--name", "m"],
        program: BuiltPrograms.server().string)
    }
    let port = server.port
    let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
      for client in 0..<8 {
        group.addTask {
          try await blocking {
            var statuses: [Int] = []
            for (index, datatype) in Datatype.allCases.enumerated() where index % 4 == client % 4 {
              let body = MemoryTests.body(datatype, dataFirst: client > 3)
              statuses.append(try MemoryTests.send(body, chunked: index % 2 == 0, port))
            }
            statuses.append(try MemoryTests.send(MemoryTests.texts(client), chunked: client > 3, port))
            return statuses
          }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(
      statuses.count == 2 * Datatype.allCases.count + 8 && statuses.allSatisfy { [200, 400, 503].contains($0) },
      "\(statuses)")
    #expect(statuses.contains(200), "\(statuses)")
    let peak = try MemoryTests.peak(server.process.pid)
    #expect(peak < MemoryTests.limit - MemoryTests.room, "\(peak >> 20) MiB")
    #expect(try server.ask("GET", "/v2/health/ready")?.status == 200)
  }

  /// The peak memory of a process, in bytes.
  private static func peak(_ pid: Int32) throws -> Int {
    let status = try ChildProcess.run(["cat", "/proc/\(pid)/status"]).text
    let match = try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/))
    return try #require(Int(match.1)) << 10
  }

  @Test("The memory that `opz deploy` adds for requests is the budget", arguments: [1, 1 << 20, 16 << 20, 1 << 32])
  func deployed(body: Int) {
    var limits = ServerLimits()
    #expect(limits.bodyBytes == ServerMemory.bodyBytes)
    limits.bodyBytes = body
    #expect(
      Int128(limits.bodyBudget + limits.windowBudget + limits.scoringBudget)
        == ServerMemory.requestBytes(body: Int128(body)))
  }

  @Test("The budget refuses bodies when it is used up, until some are given back")
  func announced() async throws {
    var limits = ServerLimits()
    limits.bodyBytes = 16 << 20
    let admission = Admission(limits)
    let held = try (0..<4).map { _ in
      let ticket = admission.open()
      try ticket.add(bytes: 16 << 20)
      return ticket
    }
    try admission.open().add(bytes: 8 << 20)
    let last = admission.open()
    try last.add(bytes: 8 << 20)
    #expect(throws: RequestFailure.self) { try admission.open().add(bytes: 1) }
    last.close()
    held[0].give(back: 16 << 20)
    try admission.open().add(bytes: 16 << 20)
  }

  @Test("What clients of HTTP/2 may send ahead is a part of the memory that is stated")
  func windows() throws {
    let limits = ServerLimits()
    #expect(limits.http.streams * limits.http.streamWindowBytes == limits.windowBudget)
    let server = InferenceServer.sample(limits)
    #expect(server.reserve(windowBytes: limits.bodyBudget))
    #expect(!server.reserve(windowBytes: 1))
    #expect(throws: RequestFailure.self) { try server.admission.open().add(bytes: 1) }
    server.release(windowBytes: limits.bodyBudget)
    try server.admission.open().add(bytes: limits.bodyBudget)
  }

  @Test("Work that exceeds the free memory waits, and work larger than the budget runs alone")
  func turns() async throws {
    let threads = ScoringThreads(count: 4, memory: 100)
    let most = Counted()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for memory in [60, 60, 500, 40, 40, 30, 500, 10] {
        group.addTask {
          try await threads.run(memory: memory) {
            most.add(memory)
            usleep(1000)
            most.add(-memory)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(most.highest == 500)
    #expect(most.highestBesides500 <= 100)
  }
}

/// A sum and its maximum.
private final class Counted: Sendable {
  private let sums = Mutex((now: 0, highest: 0, besides: 0))

  func add(_ count: Int) {
    sums.withLock { sums in
      sums.now += count
      sums.highest = max(sums.highest, sums.now)
      if sums.now != 500 { sums.besides = max(sums.besides, sums.now) }
    }
  }

  var highest: Int { sums.withLock { $0.highest } }
  var highestBesides500: Int { sums.withLock { $0.besides } }
}
