import OpzDeploy
import OpzIO
import OpzTestKit
import Testing

@Suite("LineDiff")
struct LineDiffTests {
  @Test("equal texts have no difference")
  func same() {
    #expect(LineDiff.unified("a", from: "x\ny\n", to: "x\ny\n") == "")
    #expect(LineDiff.unified("a", from: nil, to: nil) == "")
  }

  @Test("hunks have three lines of context")
  func hunks() {
    let old = (1...20).map { "\($0)\n" }.joined()
    let new = old.replacing("2\n3\n", with: "2\nx\n").replacing("19\n", with: "")
    #expect(
      LineDiff.unified("n", from: old, to: new) == """
        --- a/n
        +++ b/n
        @@ -1,6 +1,6 @@
         1
         2
        -3
        +x
         4
         5
         6
        @@ -16,5 +16,4 @@
         16
         17
         18
        -19
         20

        """)
  }

  @Test("a new or a deleted file")
  func ends() {
    #expect(LineDiff.unified("n", from: nil, to: "a\n") == "--- /dev/null\n+++ b/n\n@@ -0,0 +1,1 @@\n+a\n")
    #expect(LineDiff.unified("n", from: "a\n", to: nil) == "--- a/n\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n")
  }

  /// patch(1) is the oracle: it must turn the old text into the new one.
  @Test("patch applies the written difference", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func applies(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      let old = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
        "l\(Int.random(in: 0...9, using: &generator))\n"
      }
      var new = old
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let place = Int.random(in: 0...new.count, using: &generator)
        if Bool.random(using: &generator), place < new.count {
          new.remove(at: place)
        } else {
          new.insert("n\n", at: place)
        }
      }
      guard new != old, !new.isEmpty else { continue }
      let directory = try TemporaryDirectory()
      let file = try directory.write("f", old.joined())
      let diff = LineDiff.unified("f", from: old.joined(), to: new.joined())
      let result = try await blocking {
        try ChildProcess.run(["patch", "--silent", "--fuzz=0", file.string], input: Array(diff.utf8))
      }
      #expect(result.status == 0, "\(result.text)\(result.errorText)\n\(diff)")
      #expect(try String(decoding: FileBlob(file).bytes(), as: UTF8.self) == new.joined())
    }
  }
}
