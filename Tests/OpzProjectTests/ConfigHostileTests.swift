import Foundation
import OpzIO
import OpzTestKit
import OpzYAML
import SystemPackage
import Testing

@testable import OpzProject

@Suite("Hostile opz.yaml")
struct ConfigHostileTests {
  /// Reads on a thread with a small stack and returns the error, or nil. A trap would end the process.
  private func read(_ text: String, stack: Int = 512 << 10) -> String? {
    nonisolated(unsafe) var result: String?
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      do { _ = try ConfigReader.read(text) } catch { result = "\(error)" }
      done.signal()
    }
    thread.stackSize = stack
    thread.start()
    done.wait()
    return result
  }

  static let bombs: [(title: String, text: String)] = {
    let levels = (1...9).map {
      "a\($0): &a\($0) [" + Array(repeating: "*a\($0 - 1)", count: 9).joined(separator: ",") + "]"
    }
    let laughs = "a0: &a0 [x]\n" + levels.joined(separator: "\n")
    let two = "a0: &a0 [x]\n" + (1...12).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    let allowed = "a0: &a0 [x]\n" + (1...5).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    return [
      ("a billion laughs", laughs), ("a billion laughs as a key", laughs + "\n? *a9\n: x\n"),
      ("few aliases, doubled, as a key", two + "? *a11\n: x\n? *a11\n: y\n"),
      ("as many aliases as are parsed, in a key", allowed + "? *a5\n: x\n"),
      ("flow sequences", String(repeating: "[", count: 100_000)),
      ("flow mappings", String(repeating: "{a: ", count: 50_000)),
      ("flow keys", String(repeating: "{? ", count: 50_000)),
      ("block sequences", String(repeating: "- ", count: 100_000)),
      ("block keys", String(repeating: "? ", count: 100_000)),
      ("indented keys", (0..<700).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")),
      ("steps of a sequence", (0..<700).map { String(repeating: " ", count: $0) + "-" }.joined(separator: "\n")),
      ("tabs", String(repeating: "-\t", count: 1000)),
      ("brackets hidden by quotes", String(repeating: "[\"]\",", count: 20_000)),
      ("brackets hidden in keys", String(repeating: "{\"}\": ", count: 20_000)),
      ("brackets hidden in comments", String(repeating: "[ # ]\n", count: 20_000)),
      ("a long line", "name: " + String(repeating: "x", count: 200_000)),
      ("many keys", (0..<20_000).map { "k\($0): x\n" }.joined()),
      ("many tokens", "code: [" + String(repeating: "a,", count: 100_000) + "]"),
      ("a huge file", String(repeating: "#", count: 2 << 20)),
      ("question marks", String(repeating: "?\n", count: 50_000)),
      ("an open quote", "name: \"" + String(repeating: "\\n", count: 100_000)),
    ]
  }()

  @Test(arguments: bombs.map(\.title))
  func bombsAreRefused(title: String) throws {
    let bomb = try #require(Self.bombs.first { $0.title == title })
    let error = read(bomb.text)
    #expect(error != nil)
    #expect((error ?? "").utf8.count < 10_000)
  }

  /// Whatever is changed in a valid file, the reader returns a configuration or an error that names the file.
  @Test(arguments: 0..<20)
  func mutatedFilesNeverTrap(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let corpus = ValidConfigs.all + BrokenConfig.parts.map(\.yaml) + BrokenConfig.runtimes.map(\.yaml)
    for round in 0..<100 {
      var bytes = Array(corpus.randomElement(using: &generator).map(\.utf8) ?? "".utf8)
      for _ in 0..<Int.random(in: 1...6, using: &generator) { Self.mutate(&bytes, corpus, generator: &generator) }
      guard let text = String(validating: bytes, as: UTF8.self) else { continue }
      do {
        let config = try ConfigReader.read(text)
        #expect(!config.model.path.isEmpty && !config.model.path.hasPrefix("/"))
      } catch {
        #expect(error is ConfigError, "seed \(seed), round \(round): \(error)")
        #expect("\(error)".hasPrefix("opz.yaml"), "seed \(seed), round \(round): \(error)")
        #expect(!"\(error)".contains("\u{1B}"))
      }
    }
  }

  private static let pieces = [
    "&a ", "*a", "!!str ", "!<x> ", "? ", ": ", "- ", "[", "]", "{", "}", "\"", "'", "|\n", ">-\n", "#", "\t", "\n",
    "\r",
    "---\n", "...\n", "%YAML 1.2\n", "<<: ", "\u{FEFF}", "\u{85}", "\u{2028}", "\\x00", "\u{1B}[31m",
    "99999999999999999999",
    "-0", "1e999", ".inf", "~", "e\u{301}", "\u{1F600}", "@sha256:", "..", "/", "\0",
  ]

  private static func mutate(_ bytes: inout [UInt8], _ corpus: [String], generator: inout SeededGenerator) {
    let place = Int.random(in: 0...bytes.count, using: &generator)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: bytes.insert(contentsOf: Array((pieces.randomElement(using: &generator) ?? "").utf8), at: place)
    case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...8, using: &generator)))
    case 2: if place < bytes.count { bytes[place] = UInt8.random(in: 0...127, using: &generator) }
    case 3: bytes.insert(contentsOf: bytes[0..<min(place, 40)], at: place)
    case 4: bytes.insert(contentsOf: Array((corpus.randomElement(using: &generator) ?? "").utf8).suffix(60), at: place)
    default: bytes.removeLast(bytes.count - place)
    }
  }

  @Test(arguments: 0..<4)
  func mutatedOverridesNeverTrap(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(1000 + seed))
    let keys = ConfigKeys.mappings.flatMap { mapping in
      mapping.keys.map { mapping.path.isEmpty ? $0 : "\(mapping.path).\($0)" }
    }
    for _ in 0..<200 {
      var bytes = Array((keys.randomElement(using: &generator) ?? "").utf8) + Array("=[a, {b: c}]".utf8)
      for _ in 0..<3 { Self.mutate(&bytes, keys, generator: &generator) }
      guard let text = String(validating: bytes, as: UTF8.self) else { continue }
      do {
        _ = try ConfigReader.read(ConfigReaderTests.minimal, overrides: [text])
      } catch {
        #expect(error is ConfigError, "\(text): \(error)")
      }
    }
  }
}
