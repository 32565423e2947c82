import OpzPython
import Testing

@Suite("Errors of Python environments")
struct PythonErrorTests {
  @Test("wrong bytes are a failed verification")
  func category() { #expect(PythonError(.wrongDigest, "a.whl", "other bytes").category == .verification) }
}
