/// The tags of a text's nodes, as they are after `%TAG` and escapes: `tag:yaml.org,2002:python/object/apply:os.system` for `!!python/..`.
///
/// A tag tells a reader what to make of a node, so it has to be seen where composing nodes passes over it.
public struct YAMLTags: Sendable {
  public struct Tag: Sendable {
    public let text: String
    public let place: Place
  }

  /// In the order of the text, each kind once.
  public let tags: [Tag]
  /// Where reading ended before the text did. What a reader made of the documents before that, it made.
  public let problem: YAMLProblem?

  private static let most = 10_000

  public init(_ text: String) {
    var text = text
    (tags, problem) = text.withUTF8 { YAMLTags.read($0) }
  }

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> ([Tag], YAMLProblem?) {
    let events = YAMLEvents(bytes, depth: .max, lines: 0)
    var found: [Tag] = []
    var seen: Set<String> = []
    do throws(YAMLProblem) {
      while true {
        var tag: String?
        switch try events.next() {
        case .streamEnd: return (found, nil)
        case .scalar(_, _, _, let text), .listStart(_, let text), .mapStart(_, let text): tag = text
        default: continue
        }
        guard let tag, seen.insert(tag).inserted else { continue }
        guard found.count < most else {
          return (found, YAMLProblem(events.place, "more than \(most) kinds of tags"))
        }
        found.append(Tag(text: tag, place: events.place))
      }
    } catch {
      return (found, error)
    }
  }
}
