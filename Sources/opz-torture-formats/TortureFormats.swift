// Reads mutants of model files, for scripts/torture-formats:
//
//     opz-torture-formats KIND SEED FIRST END STATE < SEEDS
//     opz-torture-formats KIND SEED NUMBER --print < SEEDS
//
// KIND is json, ubjson, lightgbm, onnx, skops or headers. SEEDS are lines as scripts/make-fixtures writes them; those whose
// file is of another kind are passed over. Mutant NUMBER depends on KIND, SEED and NUMBER alone. STATE gets the number of the
// mutant that is being read, so that a trap can be told; each has ten seconds. The last line of the output says what was
// measured; --print writes the mutant itself.

import Foundation
import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import SystemPackage

enum TortureError: Error { case usage, noSeeds }

/// Prints at once, since a trap would lose what is buffered.
func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

/// A kind of file and how it is changed.
enum Kind: String {
  case json, ubjson, lightgbm, onnx, skops, headers

  func takes(_ file: String) -> Bool {
    switch self {
    case .json: file.hasSuffix(".json")
    case .ubjson: file.hasSuffix(".ubj")
    case .lightgbm: file.hasSuffix(".txt")
    case .onnx: file.hasSuffix(".onnx")
    case .skops: file.hasSuffix(".skops")
    case .headers: true
    }
  }

  func change(_ bytes: inout [UInt8], other: [UInt8], _ random: inout ByteMutator) {
    guard random.below(4) > 0 else { return random.change(&bytes, other: other) }
    switch self {
    case .json: JSONMutator.change(&bytes, &random)
    case .ubjson: UBJSONMutator.change(&bytes, &random)
    case .lightgbm: LineMutator.change(&bytes, &random)
    case .onnx: WireMutator.change(&bytes, other: other, &random)
    case .skops: ZipMutator.change(&bytes, other: other, &random)
    case .headers: HeaderMutator.change(&bytes, other: other, &random)
    }
  }
}

/// The mutants of some files.
struct Torture {
  let kind: Kind
  let seed: UInt64
  let seeds: [ModelFixture]
  var (models, slowest, slowestNumber) = (0, 0.0, 0)
  /// The most memory beside the file, in bytes, and what is above 40 MiB in multiples of the file.
  var (memory, memoryNumber, ratio, ratioNumber) = (0, 0, 0.0, 0)

  init(_ kind: Kind, _ seed: UInt64) throws {
    self.kind = kind
    self.seed = seed
    let text = Array(FileHandle.standardInput.readDataToEndOfFile())
    seeds = try text.split(separator: 10).map { try ModelFixture(line: Array($0)) }.filter { kind.takes($0.file) }
    guard !seeds.isEmpty else { throw TortureError.noSeeds }
  }

  func mutant(_ number: Int) -> (bytes: [UInt8], fixture: ModelFixture) {
    var random = ByteMutator(seed: seed &* 1_000_003 &+ UInt64(number))
    let fixture = random.pick(seeds)
    let other = random.pick(seeds).bytes
    var bytes = fixture.bytes
    for _ in 0...random.pick([0, 0, 0, 1, 3]) { kind.change(&bytes, other: other, &random) }
    return (bytes, fixture)
  }

  mutating func read(_ number: Int) throws {
    let (bytes, fixture) = mutant(number)
    let place = FilePath("/dev/shm/opz-torture-\(getpid())")
    if kind == .headers { try Data(bytes).write(to: URL(fileURLWithPath: place.string)) }
    PeakMemory.reset()
    let before = PeakMemory.now().current
    let start = ContinuousClock.now
    alarm(10)
    if kind == .headers {
      do {
        if try ModelDescriber().describe(place) != nil { models += 1 }
      } catch is ModelError {} catch is IOFailure {}
    } else {
      switch try ModelExercise.run(bytes, name: fixture.file, fixture: fixture) {
      case .refused: break
      case .scored: models += 1
      case .differs(let text): say("mutant \(number): the scorers differ: \(text.prefix(300))")
      }
    }
    alarm(0)
    let took = start.duration(to: .now) / .seconds(1)
    let used = max(0, PeakMemory.now().peak - before)
    if took > slowest { (slowest, slowestNumber) = (took, number) }
    if used > memory { (memory, memoryNumber) = (used, number) }
    let multiple = Double(used - (40 << 20)) / Double(max(1, bytes.count))
    if multiple > ratio { (ratio, ratioNumber) = (multiple, number) }
  }
}

@main
enum TortureFormats {
  static func main() throws {
    let words = CommandLine.arguments.dropFirst()
    let numbers = words.dropFirst().prefix(3).compactMap { Int($0) }
    guard words.count >= 4, let kind = Kind(rawValue: words.first ?? ""), numbers.count >= 2 else {
      throw TortureError.usage
    }
    var torture = try Torture(kind, UInt64(numbers[0]))
    guard words.last != "--print" else {
      return FileHandle.standardOutput.write(Data(torture.mutant(numbers[1]).bytes))
    }
    guard words.count == 5, numbers.count == 3, let state = words.last else { throw TortureError.usage }
    let file = open(state, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    // What is made once at the first model is not a mutant's.
    for fixture in torture.seeds where kind != .headers { _ = try ModelExercise.run(fixture.bytes, name: fixture.file) }
    for number in numbers[1]..<numbers[2] {
      let text = "\(number)\n"
      pwrite(file, text, text.utf8.count, 0)
      do { try torture.read(number) } catch { say("mutant \(number): an error that is no refusal: \(error)") }
    }
    let slowest = String(format: "%.0f ms (%d)", torture.slowest * 1000, torture.slowestNumber)
    let memory = String(
      format: "%d KiB (%d), above 40 MiB %.1f x the file (%d)", torture.memory >> 10, torture.memoryNumber,
      torture.ratio, torture.ratioNumber)
    say("read \(torture.models) of \(numbers[2] - numbers[1]); slowest \(slowest); most memory \(memory)")
  }
}
