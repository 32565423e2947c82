internal import CLibYAML

/// The events of libyaml's parser, one at a time, without recursion: the nesting of a document cannot exhaust the
/// stack.
///
/// The bytes must outlive the parser.
final class YAMLEvents {
  enum Event {
    case streamEnd
    case documentStart
    case documentEnd
    case alias(String)
    /// - Parameter tag: nil when there is none.
    case scalar(String, isPlain: Bool, anchor: String?, tag: String?)
    case listStart(anchor: String?, tag: String?)
    case mapStart(anchor: String?, tag: String?)
    /// The end of a list or a mapping.
    case end
  }

  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let event = UnsafeMutablePointer<yaml_event_t>.allocate(capacity: 1)
  private let bytes: UnsafeBufferPointer<UInt8>
  /// The deepest nesting that the caller accepts. libyaml looks ahead, so its own limit may be reached first.
  private let depth: Int
  /// How many lines of the text precede the bytes.
  private let lines: Int
  /// Where the last event starts.
  private(set) var place: Place

  init(_ bytes: UnsafeBufferPointer<UInt8>, depth: Int, lines: Int) {
    self.depth = depth
    self.bytes = bytes
    self.lines = lines
    place = Place(line: lines + 1, column: 1)
    yaml_parser_initialize(parser)
    // Force UTF-8: libyaml would otherwise detect UTF-16 by a byte order mark.
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    event.deallocate()
  }

  /// - Throws: `YAMLProblem` for text that is not valid YAML.
  func next() throws(YAMLProblem) -> Event {
    while true {
      guard yaml_parser_parse(parser, event) == 1 else { throw problem() }
      defer { yaml_event_delete(event) }
      place = place(event.pointee.start_mark)
      switch event.pointee.type {
      case YAML_STREAM_START_EVENT: continue
      case YAML_DOCUMENT_START_EVENT: return .documentStart
      case YAML_DOCUMENT_END_EVENT: return .documentEnd
      case YAML_ALIAS_EVENT: return .alias(YAMLEvents.text(event.pointee.data.alias.anchor) ?? "")
      case YAML_SCALAR_EVENT: return scalar(event.pointee.data.scalar)
      case YAML_SEQUENCE_START_EVENT:
        let start = event.pointee.data.sequence_start
        return .listStart(anchor: YAMLEvents.text(start.anchor), tag: YAMLEvents.text(start.tag))
      case YAML_MAPPING_START_EVENT:
        let start = event.pointee.data.mapping_start
        return .mapStart(anchor: YAMLEvents.text(start.anchor), tag: YAMLEvents.text(start.tag))
      case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .end
      default: return .streamEnd
      }
    }
  }

  private typealias Scalar = yaml_event_t.__Unnamed_union_data.__Unnamed_struct_scalar

  private func scalar(_ scalar: Scalar) -> Event {
    let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
    return .scalar(
      text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nil,
      anchor: YAMLEvents.text(scalar.anchor), tag: YAMLEvents.text(scalar.tag))
  }

  private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
    pointer.map { String(cString: $0) }
  }

  static func tooDeep(_ place: Place, _ depth: Int) -> YAMLProblem {
    YAMLProblem(place, "nested deeper than \(depth) levels", hint: "reduce the nesting")
  }

  private func place(_ mark: yaml_mark_t) -> Place {
    Place(line: Int(mark.line) + lines + 1, column: Int(mark.column) + 1)
  }

  private func problem() -> YAMLProblem {
    let parser = parser.pointee
    let reason = parser.problem.map { String(cString: $0) } ?? "it ends early"
    switch parser.error {
    case YAML_READER_ERROR:
      let found = YAMLStream.place(of: Int(parser.problem_offset), in: Array(bytes))
      return YAMLProblem(Place(line: found.line + lines, column: found.column), "not valid YAML: \(reason)")
    case YAML_PARSER_ERROR where reason.contains("nesting level"):
      return YAMLEvents.tooDeep(place(parser.problem_mark), depth)
    case YAML_SCANNER_ERROR, YAML_PARSER_ERROR:
      let context = parser.context.map {
        ", \(String(cString: $0)) (line \(Int(parser.context_mark.line) + lines + 1))"
      }
      return YAMLProblem(place(parser.problem_mark), "not valid YAML: \(reason)\(context ?? "")")
    default: return YAMLProblem(place, "not valid YAML: \(reason)")
    }
  }
}
