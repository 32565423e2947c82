import OpzIO

/// Where connections to a remote registry broke. A proxy, load balancer or firewall on the way that ends each one after
/// some bytes or seconds is met by connections that carry well less.
///
/// A break does not tell bytes from seconds, so both count.
public struct ConnectionLimit: Codable, Sendable, Hashable {
  /// Bytes that a connection had carried when it broke. For uploads it is an upper bound: the system takes more than
  /// arrives.
  public var bytes: UInt64
  /// Milliseconds for which the connection had been open; nil where it was too short to be a limit by time.
  public var milliseconds: Int64?
  /// How often a connection broke at this limit.
  public var breaks: Int
  /// When it last broke, in milliseconds since 1970.
  public var learned: Int64

  /// A connection that breaks sooner shows no limit by time.
  static let shortest: Int64 = 1500
  /// A connection that breaks after fewer bytes of an upload shows no limit by bytes: the system takes that much which
  /// never arrives.
  static let smallestUpload: UInt64 = 512 << 10
  /// The same of a download, whose bytes have all arrived.
  static let smallestDownload: UInt64 = 128 << 10
  /// A limit that was seen only once may have been an accident, so it is forgotten after this many milliseconds.
  static let onceAge: Int64 = 86_400_000

  /// The limit after a connection broke.
  /// - Parameters:
  ///   - bytes: what it had carried.
  ///   - milliseconds: for how long it had been open.
  ///   - old: the limit as known before.
  ///   - now: milliseconds since 1970.
  init(_ bytes: UInt64, milliseconds: Int64, after old: ConnectionLimit?, now: Int64) {
    let time = milliseconds >= ConnectionLimit.shortest ? milliseconds : nil
    self.bytes = min(bytes, old?.bytes ?? .max)
    self.milliseconds = [time, old?.milliseconds].compactMap { $0 }.min()
    breaks = min(old?.breaks ?? 0, 1000) + 1
    learned = now
  }

  /// Whether it is stricter by more than connections at the same limit differ: an eighth.
  func isStricter(than old: ConnectionLimit) -> Bool {
    if bytes < old.bytes - old.bytes / 8 { return true }
    guard let milliseconds else { return false }
    return old.milliseconds.map { milliseconds < $0 - $0 / 8 } ?? true
  }

  /// Whether a connection that carried this much broke where another did: an eighth apart at most, in bytes or in time.
  func isNear(_ bytes: UInt64, milliseconds: Int64) -> Bool {
    if max(bytes, self.bytes) - min(bytes, self.bytes) <= self.bytes / 8 { return true }
    guard let own = self.milliseconds, milliseconds >= ConnectionLimit.shortest else { return false }
    return max(milliseconds, own) - min(milliseconds, own) <= own / 8
  }

  /// The bytes that one connection is given: half of where others broke, or a quarter where the limit may be one of
  /// time, because the line may become slower; at least `RemoteRegistryProfile.smallestRequest`.
  var share: UInt64 { max(RemoteRegistryProfile.smallestRequest, bytes / (milliseconds == nil ? 2 : 4)) }

  /// The bytes that one connection is given on a line of a certain rate: no more than a quarter of the time carries.
  /// - Parameter rate: bytes per second; nil where it is unknown.
  func share(at rate: Double?) -> UInt64 {
    guard let rate, let milliseconds else { return share }
    let inTime = rate * Double(milliseconds) / 4000
    guard inTime < Double(share) else { return share }
    return max(RemoteRegistryProfile.smallestRequest, UInt64(max(0, inTime)))
  }

  /// Whether a limit that was read from a file is valid and recent.
  func isUsable(now: Timestamp) -> Bool {
    let (age, overflows) = now.milliseconds.subtractingReportingOverflow(learned)
    return !overflows && bytes >= RemoteRegistryProfile.smallestRequest
      && milliseconds ?? .max >= ConnectionLimit.shortest && (1...1001).contains(breaks)
      && (-86_400_000...(breaks > 1 ? RemoteRegistryProfile.age * 1000 : ConnectionLimit.onceAge)).contains(age)
  }

  /// `about 3.5 MiB or 2.0 s`.
  var text: String {
    let time = milliseconds.map { " or \($0 / 1000).\($0 % 1000 / 100) s" } ?? ""
    return "about \(ByteCount.text(bytes))\(time)"
  }
}

/// What the connections of a process have carried, which tells a limit from a line that breaks now and then.
struct ConnectionEvidence: Sendable {
  private var carriedBytes: UInt64 = 0
  private var carriedMilliseconds: Int64 = 0
  private var contradictions = 0

  /// This many breaks in a row count more than what connections carried before: the network has changed.
  private static let contradictionLimit = 3

  /// Takes that a connection carried this much and did not break.
  mutating func carried(_ bytes: UInt64, milliseconds: Int64) {
    if bytes > 0 { contradictions = 0 }
    carriedBytes = max(carriedBytes, bytes)
    if bytes > 0 { carriedMilliseconds = max(carriedMilliseconds, milliseconds) }
  }

  /// Whether a connection that broke shows a limit. It does not if another has carried more for longer.
  /// - Parameter least: fewer bytes show no limit by bytes.
  mutating func showsLimit(_ bytes: UInt64, milliseconds: Int64, least: UInt64) -> Bool {
    let isLong = milliseconds >= ConnectionLimit.shortest && bytes >= RemoteRegistryProfile.smallestRequest
    guard bytes >= least || isLong else { return false }
    let hasByteLimit = bytes > carriedBytes && bytes >= least
    let hasTimeLimit = milliseconds > carriedMilliseconds && isLong
    guard !hasByteLimit, !hasTimeLimit else { return true }
    contradictions += 1
    guard contradictions >= ConnectionEvidence.contradictionLimit else { return false }
    self = ConnectionEvidence()
    return true
  }
}
