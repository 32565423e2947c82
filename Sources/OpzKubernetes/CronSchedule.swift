/// The schedule of a CronJob, as Kubernetes parses it (robfig/cron v3, ParseStandard): five fields, or a descriptor
/// such as `@daily`.
public struct CronSchedule: Sendable, Hashable {
  private static let names = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]
  private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
  private static let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
  /// The number of days of each month in a leap year.
  private static let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

  /// Minutes, hours, days, months and weekdays; empty for a descriptor.
  private let fields: [Set<Int>]
  private let isAnyWeekday: Bool

  /// Parses a schedule.
  /// - Parameter key: the key of opz.yaml that the error names.
  /// - Throws: `KubernetesError` with the code `badSchedule` for a schedule that Kubernetes rejects, or a day that never
  ///   occurs.
  public init(_ text: String, key: String) throws {
    func refuse(_ reason: String) -> KubernetesError {
      KubernetesError(
        .badSchedule, key, reason: "\"\(text.prefix(80))\" \(reason)",
        hint: "write minute, hour, day, month, weekday: \"0 3 * * *\"")
    }
    guard text.utf8.count <= 256 else { throw refuse("is not a cron schedule") }
    if CronSchedule.names.contains(text) {
      (fields, isAnyWeekday) = ([], true)
      return
    }
    let parts = text.split(separator: " ", omittingEmptySubsequences: true)
    let ranges: [(ClosedRange<Int>, [String])] = [
      (0...59, []), (0...23, []), (1...31, []), (1...12, CronSchedule.months), (0...6, CronSchedule.weekdays),
    ]
    let read = zip(parts, ranges).compactMap { part, range in CronSchedule.values(part, range.0, names: range.1) }
    guard parts.count == 5, read.count == 5 else { throw refuse("is not a cron schedule") }
    fields = read
    isAnyWeekday = parts[4].split(separator: ",").contains { ["*", "?", "*/1", "?/1"].contains($0) }
    guard occurs else { throw refuse("never occurs: the month has no such day") }
  }

  /// If both days and weekdays are restricted, either one is enough. So only a restriction of the days alone can name
  /// a day that its months do not have.
  private var occurs: Bool {
    guard fields.count == 5, isAnyWeekday else { return true }
    return fields[3].contains { month in fields[2].contains { $0 <= CronSchedule.lengths[month - 1] } }
  }

  /// The values of a field; nil for invalid text.
  private static func values(_ text: Substring, _ range: ClosedRange<Int>, names: [String]) -> Set<Int>? {
    var found: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let more = step(part, range, names: names) else { return nil }
      found.formUnion(more)
    }
    return found
  }

  /// `*`, `N` or `N-M`, each with an optional `/STEP`; `N/STEP` continues to the end of the range.
  private static func step(_ text: Substring, _ range: ClosedRange<Int>, names: [String]) -> Set<Int>? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count) else { return nil }
    var step = 1
    if parts.count == 2 {
      guard let number = number(parts[1]), number > 0 else { return nil }
      step = number
    }
    if parts[0] == "*" || parts[0] == "?" {
      return Set(stride(from: range.lowerBound, through: range.upperBound, by: step))
    }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    let values = ends.compactMap { end in
      number(end) ?? names.firstIndex(of: end.lowercased()).map { $0 + range.lowerBound }
    }
    guard (1...2).contains(ends.count), values.count == ends.count, values.allSatisfy(range.contains) else {
      return nil
    }
    let last = values.count == 2 ? values[1] : parts.count == 2 ? range.upperBound : values[0]
    return values[0] <= last ? Set(stride(from: values[0], through: last, by: step)) : nil
  }

  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
  }

  /// Checks the name of a time zone. `Local` is rejected by Kubernetes, because it would be the zone of
  /// kube-controller-manager.
  /// - Throws: `KubernetesError` with the code `badTimeZone`.
  public static func checkTimeZone(_ zone: String, key: String) throws {
    let isZone =
      zone.utf8.count <= 64 && !zone.isEmpty
      && zone.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "/_+-".utf8.contains(byte)
      }
    guard isZone, zone.lowercased() != "local" else {
      throw KubernetesError(
        .badTimeZone, key, reason: "\"\(zone.prefix(80))\" is not the name of a time zone",
        hint: "write Europe/Berlin or UTC")
    }
  }
}
