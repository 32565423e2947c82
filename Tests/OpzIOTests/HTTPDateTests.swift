import OpzIO
import Testing

@Suite("Dates of HTTP")
struct HTTPDateTests {
  @Test func readsDates() {
    #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT")?.milliseconds == 784_111_777_000)
    #expect(HTTPDate.parse("Thu, 29 Feb 2024 23:59:60 GMT")?.seconds == "2024-03-01T00:00:00Z")
    #expect(HTTPDate.parse("Sun, 6 nov 1994 08:49:37 GMT")?.milliseconds == 784_111_777_000)
    for text in [
      "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 99 Nov 1994 08:49:37 GMT", "T", "--T::Z",
      "Sun, 31 Feb 2024 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
      "Sun, 06 Nov 199 08:49:37 GMT", "Sun, 006 Nov 1994 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
    ] {
      #expect(HTTPDate.parse(text) == nil, "\(text)")
    }
  }

  @Test func agreesWithTheClockOnEveryDay() {
    for day in stride(from: Int64(0), to: 60_000, by: 7) {
      guard let moment = Timestamp(seconds: day * 86_400 + 12_345) else { continue }
      #expect(HTTPDate.parse(HTTPDate.text(moment)) == moment)
    }
  }
}
