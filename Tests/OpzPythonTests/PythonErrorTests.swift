import OpzPython
import Testing

@Suite("Errors of Python environments")
struct PythonErrorTests {
  @Test("wrong bytes are a failed verification")
  func category() { #expect(PythonError(.wrongDigest, "a.whl", reason: "other bytes").category == .verification) }
}
