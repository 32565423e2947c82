import OpzIO

/// The state of a long transfer, and how it is displayed. It has no side effects, so that tests can compare frames.
struct ProgressBoard {
  private struct Item {
    var done: UInt64 = 0
    var total: UInt64?
  }

  private var items: [String: Item] = [:]
  private var order: [String] = []
  private var plannedBytes: UInt64 = 0
  private var plannedItems = 0
  private var finishedBytes: UInt64 = 0
  private var finishedItems = 0
  private var moved: UInt64 = 0
  /// Pairs of a time in nanoseconds and the bytes moved until then, for the last `window`.
  private var samples: [(at: UInt64, moved: UInt64)] = []

  /// Nanoseconds over which the rate is averaged.
  static let window: UInt64 = 8_000_000_000
  /// Blobs smaller than this have no bar, because it would only flicker.
  static let smallest: UInt64 = 256 << 10
  static let barLimit = 6
  /// Nanoseconds without progress after which the transfer is shown as stalled.
  static let quiet: UInt64 = 5_000_000_000

  var isEmpty: Bool { items.isEmpty }

  /// Applies an event.
  /// - Parameter now: nanoseconds of a monotonic clock.
  /// - Returns: a line to print above the frame, if any.
  mutating func apply(_ event: ProgressEvent, at now: UInt64) -> String? {
    switch event {
    case .planned(let count, let bytes):
      plannedItems += count
      plannedBytes &+= bytes
    case .started(let item, let total):
      if items.updateValue(Item(total: total), forKey: item) == nil { order.append(item) }
    case .advanced(let item, let bytes):
      items[item, default: Item()].done &+= bytes
      moved &+= bytes
      sample(now)
    case .restarted(let item): items[item]?.done = 0
    case .repeated(let item, let bytes):
      if let done = items[item]?.done { items[item]?.done = done - min(done, bytes) }
    case .kept(let item, let bytes): items[item, default: Item()].done &+= bytes
    case .finished(let item, let outcome): return finish(item, outcome)
    case .note(let text): return PrintableText.text(text)
    }
    return nil
  }

  private mutating func finish(_ name: String, _ outcome: ProgressOutcome) -> String? {
    let item = items.removeValue(forKey: name) ?? Item()
    order.removeAll { $0 == name }
    guard outcome != .failed else { return nil }
    let size = item.total ?? item.done
    finishedBytes &+= size
    finishedItems += 1
    let word =
      switch outcome {
      case .done: "done   "
      case .existed: "exists "
      case .mounted: "mounted"
      case .failed: "failed "
      }
    return size >= 1 << 20 ? "  \(word) \(PrintableText.line(name))  \(ByteCount.text(size))" : nil
  }

  private mutating func sample(_ now: UInt64) {
    // Ten samples per second are enough.
    if let last = samples.last, now &- last.at < 100_000_000 {
      samples[samples.count - 1].moved = moved
    } else {
      samples.append((now, moved))
    }
    while samples.count > 2, now &- samples[0].at > ProgressBoard.window { samples.removeFirst() }
  }

  // MARK: Figures

  private var done: UInt64 { items.values.reduce(finishedBytes) { $0 &+ min($1.done, $1.total ?? $1.done) } }

  private var total: UInt64 {
    max(plannedBytes, items.values.reduce(finishedBytes) { $0 &+ ($1.total ?? $1.done) })
  }

  /// The rate in bytes per second; nil without enough samples.
  private func rate(at now: UInt64) -> Double? {
    guard let first = samples.first, now > first.at, moved > first.moved else { return nil }
    let seconds = Double(now - first.at) / 1e9
    return seconds < 0.2 ? nil : Double(moved - first.moved) / seconds
  }

  /// Whole seconds since the last progress; nil unless the transfer is stalled.
  private func silence(at now: UInt64) -> UInt64? {
    guard let last = samples.last, !items.isEmpty, now > last.at, now - last.at >= ProgressBoard.quiet else {
      return nil
    }
    return (now - last.at) / 1_000_000_000
  }

  /// Whether it is unknown where the work ends, as with a pipe.
  private var isOpenEnded: Bool { items.values.contains { $0.total == nil } }

  /// `57%  1.4 GiB of 2.5 GiB  120.3 MiB/s  0:15 left  3 of 10 blobs`, without parts that are unknown.
  private func figures(at now: UInt64) -> [String] {
    let isOpenEnded = isOpenEnded
    var parts = [ByteCount.text(done) + (isOpenEnded ? "" : " of \(ByteCount.text(total))")]
    if total > 0, !isOpenEnded { parts.insert("\(Int(100 * min(1, Double(done) / Double(total))))%", at: 0) }
    if let seconds = silence(at: now) {
      parts.append("stalled for \(seconds) s")
    } else if let rate = rate(at: now) {
      parts.append("\(ByteCount.text(UInt64(min(rate, 1e18))))/s")
      if !isOpenEnded { parts.append("\(ProgressBoard.clock(Double(total - min(done, total)) / rate)) left") }
    }
    let count = max(plannedItems, finishedItems + items.count)
    if count > 1 { parts.append("\(finishedItems) of \(count) blobs") }
    return parts
  }

  /// Formats seconds as `0:15` or `1:02:03`.
  static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 360_000 else { return "days" }
    let all = Int(seconds.rounded(.up))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes, rest) = (all / 3600, all / 60 % 60, all % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }

  // MARK: Display

  /// One line for a log.
  func line(at now: UInt64) -> String { "  " + figures(at: now).joined(separator: "  ") }

  /// The lines of a frame: one bar per blob, then the totals; at most `rows` lines of at most `width` columns.
  func frame(width: Int, rows: Int, at now: UInt64) -> [String] {
    let shown = order.filter { items[$0]?.total ?? 0 >= ProgressBoard.smallest }
    let room = max(0, min(ProgressBoard.barLimit, rows - 2))
    var lines: [String] = []
    if width >= 30 {
      let names = shown.prefix(room)
      let nameWidth = min(names.map(\.count).max() ?? 0, width / 3)
      for name in names { lines.append(bar(name, nameWidth, width: width)) }
      if shown.count > room, room > 0 { lines.append("  and \(shown.count - room) more") }
    }
    lines.append(totalLine(width, now))
    return lines.map { ProgressBoard.cut($0, width) }
  }

  private func bar(_ name: String, _ nameWidth: Int, width: Int) -> String {
    let item = items[name] ?? Item()
    let label = String(PrintableText.line(name).prefix(nameWidth))
    let text = "\(ByteCount.text(min(item.done, item.total ?? item.done))) of \(ByteCount.text(item.total ?? 0))"
    let head = "  " + label + String(repeating: " ", count: nameWidth - label.count)
    let cells = ProgressBoard.cells(item.done, item.total ?? 0, room: width - head.count - text.count - 6)
    return head + cells + "  " + text
  }

  private func totalLine(_ width: Int, _ now: UInt64) -> String {
    var parts = figures(at: now)
    // On a narrow terminal, drop the least important parts first.
    while parts.count > 1, parts.joined(separator: "  ").count > width - 2 { parts.removeLast() }
    let text = parts.joined(separator: "  ")
    return "  " + text
  }

  private static func cells(_ done: UInt64, _ total: UInt64, room: Int) -> String {
    let count = min(30, room)
    guard count >= 6 else { return "" }
    let full = total == 0 ? 0 : Int(Double(count) * min(1, Double(done) / Double(total)))
    return "  [" + String(repeating: "#", count: full) + String(repeating: "-", count: count - full) + "]"
  }

  /// Cuts a text to `width` columns; wide characters take two.
  static func cut(_ text: String, _ width: Int) -> String {
    var result = ""
    var columns = 0
    for character in text {
      let own = isWide(character) ? 2 : 1
      if columns + own > width { break }
      columns += own
      result.append(character)
    }
    return result
  }

  private static func isWide(_ character: Character) -> Bool {
    guard let first = character.unicodeScalars.first else { return false }
    switch first.value {
    case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
      0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
      return true
    default: return false
    }
  }
}
