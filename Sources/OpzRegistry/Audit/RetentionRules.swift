import OpzIO
import OpzOCI

/// Which versions a garbage collection keeps; it deletes the others. Without rules it keeps all.
public struct RetentionRules: Sendable, Equatable {
  /// Keep this many of the newest versions of each model.
  public var last: Int?
  /// Keep versions younger than this many days.
  public var days: Int?
  /// Keep versions with a tag, of `opz tag` or of opz.yaml.
  public var tagged = true
  /// Keep versions that an alias names, or named within the rollback window.
  public var aliased = true

  /// Creates rules; without `last` and `days` they keep every version.
  ///
  /// - Parameters:
  ///   - last: how many of the newest versions of each model are kept.
  ///   - days: versions younger than this many days are kept.
  ///   - tagged: whether tagged versions are kept.
  ///   - aliased: whether versions are kept that an alias names, or named within the rollback window.
  public init(last: Int? = nil, days: Int? = nil, tagged: Bool = true, aliased: Bool = true) {
    self.last = last
    self.days = days
    self.tagged = tagged
    self.aliased = aliased
  }

  /// Why a version is kept; nil for one that is deleted.
  /// - Parameters:
  ///   - rank: the number of newer versions.
  ///   - tags: all tags of the version.
  func reason(_ entry: ModelState.Entry, rank: Int, tags: [String: String], _ state: ModelState, now: Timestamp)
    -> String?
  {
    if let alias = state.aliases(of: entry.version).first, aliased { return "the alias \(alias) names it" }
    let window = Timestamp(milliseconds: now.milliseconds - Int64(Registry.rollbackDays) * 86_400_000).description
    if aliased,
      let alias = state.moves.keys.sorted().first(where: { state.held($0, since: window).contains(entry.version) })
    {
      return "the alias \(alias) named it within \(Registry.rollbackDays) days"
    }
    if let last, rank < last { return "it is one of the newest \(last)" }
    if let days {
      let edge = Timestamp(milliseconds: now.milliseconds - Int64(max(0, min(days, 100_000))) * 86_400_000).description
      if entry.at >= edge { return "it is younger than \(days) days" }
    }
    if tagged, let tag = tags.keys.min() { return "it has the tag \(tag)" }
    return last == nil && days == nil ? "no retention rule applies" : nil
  }
}
