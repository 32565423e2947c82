import OpzIO

/// Dates in HTTP headers and token answers.
enum HTTPDate {
  private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7). The two obsolete forms give nil.
  static func parse(_ text: some StringProtocol) -> Timestamp? {
    let fields = text.split(separator: " ")
    guard fields.count == 6, fields[0].hasSuffix(","), fields[5] == "GMT",
      let month = months.firstIndex(of: fields[2].lowercased())
    else { return nil }
    return moment(day: fields[1], month: month + 1, year: fields[3], time: fields[4])
  }

  /// Reads `2026-11-23T15:04:05Z`, with or without a fraction (RFC 3339, in UTC).
  static func parseRFC3339(_ text: some StringProtocol) -> Timestamp? {
    let halves = text.split(separator: "T", omittingEmptySubsequences: false)
    guard halves.count == 2, halves[1].hasSuffix("Z") else { return nil }
    let date = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    guard date.count == 3, let month = Int(date[1]) else { return nil }
    let time = halves[1].dropLast().prefix { $0 != "." }
    return moment(day: date[2], month: month, year: date[0], time: time)
  }

  private static func moment(
    day: some StringProtocol, month: Int, year: some StringProtocol, time: some StringProtocol
  ) -> Timestamp? {
    let clock = time.split(separator: ":", omittingEmptySubsequences: false).compactMap { Int64($0) }
    guard let day = Int64(day), let year = Int64(year), clock.count == 3, (1970...9999).contains(year),
      (1...12).contains(month), (1...31).contains(day), (0...23).contains(clock[0]), (0...59).contains(clock[1]),
      (0...60).contains(clock[2])
    else { return nil }
    let days = HTTPDate.days(year, Int64(month), day)
    return Timestamp(seconds: days * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2])
  }

  // Days since 1970-01-01. Years begin in March here, so that the leap day is the last of a year.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
  }
}
