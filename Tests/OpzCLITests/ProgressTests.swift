import OpzIO
import OpzTestKit
import Testing

@testable import OpzCLI

@Suite("Progress display")
struct ProgressTests {
  private static let mebi: UInt64 = 1 << 20
  private static let second: UInt64 = 1_000_000_000

  /// Two large blobs in progress, one done, one small, five pending.
  private func board() -> ProgressBoard {
    var board = ProgressBoard()
    let events: [(UInt64, ProgressEvent)] = [
      (1, .planned(items: 9, bytes: 1000 * Self.mebi)), (1, .started(item: "0123456789ab", total: 100 * Self.mebi)),
      (2, .advanced(item: "0123456789ab", bytes: 100 * Self.mebi)),
      (2, .finished(item: "0123456789ab", outcome: .done)), (2, .started(item: "7840021873ee", total: 512 * Self.mebi)),
      (2, .started(item: "c0ffee000000", total: 300 * Self.mebi)), (2, .started(item: "5a11", total: 400)),
      (3, .advanced(item: "7840021873ee", bytes: 128 * Self.mebi)),
      (5, .advanced(item: "c0ffee000000", bytes: 150 * Self.mebi)),
    ]
    for (second, event) in events { _ = board.apply(event, at: second * Self.second) }
    return board
  }

  @Test(
    "a frame fits its terminal, and shows less where there is less room",
    arguments: [
      (
        100, 24,
        """
          7840021873ee  [#######-----------------------]  128.0 MiB of 512.0 MiB
          c0ffee000000  [###############---------------]  150.0 MiB of 300.0 MiB
          37%  378.0 MiB of 1000.0 MiB  92.7 MiB/s  0:07 left  1 of 9 blobs
        """
      ),
      (
        60, 24,
        """
          7840021873ee  [####--------------]  128.0 MiB of 512.0 MiB
          c0ffee000000  [#########---------]  150.0 MiB of 300.0 MiB
          37%  378.0 MiB of 1000.0 MiB  92.7 MiB/s  0:07 left
        """
      ),
      (
        40, 24,
        """
          7840021873ee  128.0 MiB of 512.0 MiB
          c0ffee000000  150.0 MiB of 300.0 MiB
          37%  378.0 MiB of 1000.0 MiB
        """
      ),
      (
        100, 3,
        """
          7840021873ee  [#######-----------------------]  128.0 MiB of 512.0 MiB
          and 1 more
          37%  378.0 MiB of 1000.0 MiB  92.7 MiB/s  0:07 left  1 of 9 blobs
        """
      ),
      (20, 24, "  37%"), (4, 1, "  37"),
    ])
  func golden(width: Int, rows: Int, expected: String) {
    #expect(board().frame(width: width, rows: rows, at: 5 * Self.second).joined(separator: "\n") == expected)
  }

  @Test("a line in a log has the same figures")
  func log() {
    #expect(
      board().line(at: 5 * Self.second) == "  37%  378.0 MiB of 1000.0 MiB  92.7 MiB/s  0:07 left  1 of 9 blobs")
  }

  @Test(
    "a stalled transfer is shown as stalled until it moves again",
    arguments: [(9, "left"), (10, "stalled for 5 s"), (75, "stalled for 70 s")])
  func silence(at second: UInt64, says: String) {
    var board = board()
    // A few nanoseconds after the event, as with a real clock.
    let now = second * Self.second + 1
    let line = board.line(at: now)
    #expect(line.contains(says), "\(line)")
    #expect(line.contains("stalled for") == (second >= 10) && line.contains("left") == (second < 10), "\(line)")
    _ = board.apply(.advanced(item: "7840021873ee", bytes: Self.mebi), at: now)
    #expect(!board.line(at: now + Self.second).contains("stalled for"))
  }

  @Test("a restarted item counts from zero, a large one leaves a line, a failed one leaves none")
  func outcomes() {
    var board = ProgressBoard()
    _ = board.apply(.started(item: "a", total: 4 * Self.mebi), at: 1)
    _ = board.apply(.advanced(item: "a", bytes: 3 * Self.mebi), at: 2)
    _ = board.apply(.restarted(item: "a"), at: 3)
    #expect(board.line(at: 4).hasPrefix("  0%  0 B of 4.0 MiB"))
    #expect(board.apply(.finished(item: "a", outcome: .mounted), at: 5) == "  mounted a  4.0 MiB")
    _ = board.apply(.started(item: "b", total: 10), at: 6)
    #expect(board.apply(.finished(item: "b", outcome: .done), at: 7) == nil)
    _ = board.apply(.started(item: "c", total: 4 * Self.mebi), at: 8)
    #expect(board.apply(.finished(item: "c", outcome: .failed), at: 9) == nil)
    #expect(board.isEmpty)
    #expect(board.apply(.note("said"), at: 10) == "said")
  }

  @Test("no sequence of events makes a frame that is too wide or too tall", arguments: UInt64(1)...20)
  func anything(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var board = ProgressBoard()
    let names = ["a", "0123456789ab", "模型模型模型模型模型", "", String(repeating: "long", count: 60)]
    for step in 0..<200 {
      let name = names[Int(random.next() % 5)]
      let bytes = random.next() >> (random.next() % 64)
      let event: ProgressEvent =
        switch random.next() % 6 {
        case 0: .planned(items: Int(bytes >> 40), bytes: bytes)
        case 1: .started(item: name, total: step.isMultiple(of: 3) ? nil : bytes)
        case 2: .restarted(item: name)
        case 3: .finished(item: name, outcome: .done)
        default: .advanced(item: name, bytes: bytes)
        }
      _ = board.apply(event, at: random.next() >> 1)
      let (width, rows) = (Int(random.next() % 120), Int(random.next() % 40))
      let lines = board.frame(width: width, rows: rows, at: random.next() >> 1)
      #expect(lines.count <= max(1, rows))
      for line in lines { #expect(line.unicodeScalars.reduce(0) { $0 + ($1.value > 0x1100 ? 2 : 1) } <= width) }
    }
  }

  @Test("a frame replaces the last one in a single write")
  func frames() {
    #expect(FrameText.replacing(0, with: ["a", "b"]) == "a\u{1B}[K\nb\u{1B}[K")
    #expect(FrameText.replacing(2, with: ["c"]) == "\r\u{1B}[1Ac\u{1B}[K\u{1B}[J")
    #expect(FrameText.replacing(1, keeping: "note", with: ["c"]) == "\rnote\u{1B}[K\nc\u{1B}[K\u{1B}[J")
    #expect(FrameText.replacing(3, with: []) == "\r\u{1B}[2A\u{1B}[J")
    #expect(FrameText.replacing(0, keeping: "note", with: []) == "note\n")
    #expect(FrameText.replacing(0, with: []) == "")
  }

  @Test(
    "time left",
    arguments: [
      (0.0, "0:00"), (0.2, "0:01"), (59.0, "0:59"), (61, "1:01"), (3723, "1:02:03"), (1e9, "days"), (.infinity, "days"),
    ])
  func clock(seconds: Double, text: String) { #expect(ProgressBoard.clock(seconds) == text) }
}
