import OpzIO
import OpzInference
import OpzTestKit
import OpzWorkerFiles
import OpzWorkers
import Synchronization
import SystemPackage
import Testing

/// A directory with the worker's files and a model, and pools that serve it.
struct WorkerBench: Sendable {
  let directory: TemporaryDirectory
  /// What workers wrote.
  let lines = LineLog()

  init() throws {
    directory = try TemporaryDirectory()
    for file in WorkerFiles.python + WorkerFiles.r {
      try directory.write("worker/\(file.path)", String(decoding: file.bytes, as: UTF8.self))
    }
  }

  /// Python with numpy, pandas and scikit-learn, as scripts/dependencies installs it.
  static let python = PackageRoot.path(#filePath).appending(".build/test-python/bin/python").string

  func write(_ name: String, _ text: String) throws -> String {
    try directory.write(name, text).string
  }

  /// Settings for a predict.py.
  func settings(code: String) throws -> ServeSettings {
    var settings = ServeSettings(model: directory.path.string)
    var worker = ServeSettings.Worker(.python, command: [WorkerBench.python, "-m", "opz_worker"])
    worker.path = directory.path.appending("worker").string
    worker.predict = try write("predict.py", code)
    settings.worker = worker
    settings.workers.requestSeconds = 60
    return settings
  }

  /// A started pool.
  func pool(
    _ settings: ServeSettings, _ change: (inout PoolSettings) -> Void = { _ in },
    giveUp: @escaping @Sendable (WorkerFailure) -> Void = { _ in }
  ) async throws -> WorkerPool {
    var environment = ProcessEnvironment.all()
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    var own = PoolSettings(environment: environment, cores: 2)
    own.memoryBytes = nil
    // Tests run in parallel, and then a worker may take long to load.
    own.desertedSeconds = 300
    change(&own)
    let worker = try #require(settings.worker)
    let pool = try WorkerPool(settings, worker, pool: own, log: { [lines] in lines.add($0) }, giveUp: giveUp)
    try await pool.start()
    return pool
  }

  /// Runs a Python program to its end.
  @discardableResult
  func run(python program: String) throws -> String {
    let run = try ChildProcess.run([WorkerBench.python, "-c", program], directory: directory.path)
    try #require(run.status == 0, "\(run.errorText)")
    return run.text
  }
}

/// Lines of workers.
final class LineLog: Sendable {
  private let lines = Mutex<[WorkerLine]>([])
  func add(_ line: WorkerLine) { lines.withLock { $0.append(line) } }
  var all: [WorkerLine] { lines.withLock { $0 } }
}

extension RawTensor {
  static func doubles(_ name: String, _ values: [Double], columns: Int? = nil) -> RawTensor {
    var bytes: [UInt8] = []
    for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 } }
    return RawTensor(name, .fp64, shape: columns.map { [values.count / $0, $0] } ?? [values.count], bytes: bytes)
  }

  static func integers(_ name: String, _ values: [Int64], missing: [Int] = []) -> RawTensor {
    var bytes: [UInt8] = []
    for value in values { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    return RawTensor(name, .int64, shape: [values.count], bytes: bytes, missing: missing)
  }

  static func texts(_ name: String, _ values: [String?]) -> RawTensor {
    var bytes: [UInt8] = []
    for value in values {
      withUnsafeBytes(of: UInt32((value ?? "").utf8.count).littleEndian) { bytes += $0 }
      bytes += (value ?? "").utf8
    }
    return RawTensor(
      name, .bytes, shape: [values.count], bytes: bytes, missing: values.indices.filter { values[$0] == nil })
  }

  var doubles: [Double] {
    stride(from: 0, to: bytes.count, by: 8).map { at in
      bytes.withUnsafeBytes {
        Double(bitPattern: UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
      }
    }
  }

  var integers: [Int64] {
    stride(from: 0, to: bytes.count, by: 8).map { at in
      bytes.withUnsafeBytes { Int64(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: Int64.self)) }
    }
  }

  var texts: [String?] {
    var texts: [String?] = []
    var at = 0
    while at < bytes.count {
      let count = bytes.withUnsafeBytes {
        Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
      }
      texts.append(
        missing.contains(texts.count) ? nil : String(decoding: bytes[at + 4..<at + 4 + count], as: UTF8.self))
      at += 4 + count
    }
    return texts
  }
}

/// A file that keeps a request within `predict` of `WorkerPoolTests.code` while it exists.
struct Gate: Sendable {
  private let path: FilePath
  /// The text that asks for it.
  var what: String { "gate \(path)" }

  init(_ bench: WorkerBench, _ name: String = "gate") throws {
    path = FilePath(try bench.write(name, ""))
  }

  /// Waits until a worker is in it.
  func isReached() async -> Bool {
    await eventually { ((try? FileStatus.find(FilePath("\(path).reached"))) ?? nil) != nil }
  }

  func open() throws { try Durable.remove(path) }
}

/// Waits until something holds, for a minute at most.
func eventually(_ what: () async throws -> Bool) async rethrows -> Bool {
  let limit = ContinuousClock.now + .seconds(60)
  while ContinuousClock.now < limit {
    if try await what() { return true }
    try? await Task.sleep(for: .milliseconds(10))
  }
  return false
}
