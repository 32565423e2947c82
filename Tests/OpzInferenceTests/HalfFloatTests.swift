import Testing

@testable import OpzInference

@Suite("Half floats")
struct HalfFloatTests {
  @Test("Every FP16 and BF16 is the number that the processor makes of it")
  func all() {
    for bits in UInt16.min ... .max {
      let (ours, theirs) = (Float(half: bits), Float(Float16(bitPattern: bits)))
      #expect(ours.bitPattern == theirs.bitPattern || ours.isNaN && theirs.isNaN, "\(bits)")
      #expect(Float(brain: bits).bitPattern == UInt32(bits) << 16)
    }
  }
}
