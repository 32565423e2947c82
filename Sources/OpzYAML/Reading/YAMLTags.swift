/// The tags of the nodes in a text, with `%TAG` and escapes resolved:
/// `tag:yaml.org,2002:python/object/apply:os.system` for `!!python/..`.
///
/// A tag tells a reader which type to construct, so tags are checked separately: composing nodes drops them.
public struct YAMLTags: Sendable {
  /// A tag, and the place of its first node.
  public struct Tag: Sendable {
    public let text: String
    public let place: Place
  }

  /// The distinct tags in the order of the text.
  public let tags: [Tag]
  /// Why reading stopped before the end of the text, if it did. A reader may have constructed objects from the
  /// documents before that place.
  public let problem: YAMLProblem?

  private static let most = 10_000

  /// Reads the tags of all documents in a text, without limits on depth and at most 10,000 of them.
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
          return (found, YAMLProblem(events.place, "more than \(most) different tags"))
        }
        found.append(Tag(text: tag, place: events.place))
      }
    } catch {
      return (found, error)
    }
  }
}
