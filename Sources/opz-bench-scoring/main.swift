// Measures how long a model's trees take, for scripts/bench-scoring, and prints it as JSON:
//
//     opz-bench-scoring MODEL MATRIX float32|float64 KERNEL SECONDS OUTPUT BATCH ...
//
// MATRIX holds rows of numbers of that type, as they are in memory. KERNEL is plain, neon, avx2, avx512 or best. Each
// BATCH is scored again and again for SECONDS; what counts is this thread's processor time, because a machine is rarely
// idle. OUTPUT gets the sums of the trees for all rows, in the type of the matrix.
//
//     opz-bench-scoring --read MODEL
//
// reads a model and prints its processor time, and the most memory that the process took.

import OpzFormats
import OpzModel
import OpzScoring
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

enum BenchError: Error { case usage(String), noTrees, noMatrix(String) }

/// Seconds of this process on processors.
func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func ensemble(_ path: String) throws -> TreeEnsemble {
  for node in try ModelFormats.standard.load(FilePath(path)).model.nodes {
    if case .trees(let ensemble) = node.operation { return ensemble }
  }
  throw BenchError.noTrees
}

func matrix<Element: MatrixElement>(_ path: String, _: Element.Type) throws -> [Element] {
  let file = try FileDescriptor.open(path, .readOnly)
  return try file.closeAfter {
    let size = try file.seek(offset: 0, from: .end)
    _ = try file.seek(offset: 0, from: .start)
    let count = Int(size) / MemoryLayout<Element>.stride
    return try [Element](unsafeUninitializedCapacity: count) { elements, filled in
      var bytes = UnsafeMutableRawBufferPointer(elements)
      while !bytes.isEmpty {
        let read = try file.read(into: bytes)
        guard read > 0 else { throw BenchError.noMatrix(path) }
        bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[read...])
      }
      filled = count
    }
  }
}

/// The mean time of a call.
func measure<Element: MatrixElement>(
  _ trees: CompiledTrees, _ matrix: [Element], columns: Int, groups: Int, batch: Int, seconds: Double
) -> Double {
  let rows = matrix.count / columns
  var output = [Element](repeating: 0, count: batch * groups)
  var start = 0, calls = 0
  return matrix.withUnsafeBufferPointer { matrix in
    output.withUnsafeMutableBufferPointer { output in
      func call() {
        let part = UnsafeBufferPointer(rebasing: matrix[(start * columns)..<((start + batch) * columns)])
        trees.score(part, rows: batch, into: output)
        start = start + 2 * batch <= rows ? start + batch : 0
        calls += 1
      }
      call()
      calls = 0
      // The clock is read as rarely as takes no longer than a tenth of a call.
      let between = max(1, 1000 / batch)
      let begin = processorTime()
      var end = begin
      while end - begin < seconds {
        for _ in 0..<between { call() }
        end = processorTime()
      }
      return (end - begin) / Double(calls)
    }
  }
}

func run<Element: MatrixElement>(_ type: Element.Type, _ words: [String]) throws {
  let model = try ensemble(words[0])
  let matrix = try matrix(words[1], type)
  guard let kernel = words[3] == "best" ? .best : TreeKernel(name: words[3]), let seconds = Double(words[4]) else {
    throw BenchError.usage("KERNEL or SECONDS")
  }
  let before = processorTime()
  let trees = CompiledTrees(model, kernel: kernel)
  let compile = processorTime() - before
  let times = try words[6...].map { word in
    guard let batch = Int(word), batch > 0, batch * model.columns <= matrix.count else { throw BenchError.usage(word) }
    return measure(trees, matrix, columns: model.columns, groups: model.groups, batch: batch, seconds: seconds)
  }
  let rows = matrix.count / model.columns
  let sums = [Element](unsafeUninitializedCapacity: rows * model.groups) { output, filled in
    matrix.withUnsafeBufferPointer { trees.score($0, rows: rows, into: output) }
    filled = rows * model.groups
  }
  let file = try FileDescriptor.open(
    words[5], .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite, .groupRead, .otherRead])
  try file.closeAfter { _ = try sums.withUnsafeBytes { try file.writeAll($0) } }
  let size = model.nodes.count * MemoryLayout<TreeEnsemble.Node>.stride
  print(
    "{\"seconds\": \(times), \"compile\": \(compile), \"nodes\": \(model.nodes.count), \"node_bytes\": \(size), "
      + "\"how\": \"\(trees.summary)\"}")
}

func read(_ path: String) throws {
  let format = try ModelFormats.standard.load(FilePath(path)).format.name
  var usage = rusage()
  getrusage(RUSAGE_SELF.rawValue, &usage)
  let seconds = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
  let system = Double(usage.ru_stime.tv_sec) + Double(usage.ru_stime.tv_usec) / 1e6
  print(
    "{\"format\": \"\(format)\", \"user\": \(seconds), \"system\": \(system), \"peak\": \(usage.ru_maxrss << 10)}")
}

let words = Array(CommandLine.arguments.dropFirst())
if words.count == 2, words[0] == "--read" {
  try read(words[1])
  exit(0)
}
guard words.count > 6 else { throw BenchError.usage("see the comment in main.swift") }
if words[2] == "float64" { try run(Double.self, words) } else { try run(Float.self, words) }
