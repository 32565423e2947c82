import Testing

@testable import OpzInference

@Suite("Half floats")
struct HalfFloatTests {
  @Test("Every FP16 and BF16 is the number that the processor makes of it")
  func all() {
    let wrong = (UInt16.min ... .max).filter { bits in
      let (ours, theirs) = (Float(half: bits), Float(Float16(bitPattern: bits)))
      return ours.bitPattern != theirs.bitPattern && !(ours.isNaN && theirs.isNaN)
        || Float(brain: bits).bitPattern != UInt32(bits) << 16
    }
    #expect(wrong.isEmpty)
  }
}
