import OpzIO

/// Follows a pickle without creating objects. It keeps a stack and a memo as an unpickler does, so that a name
/// assembled from the memo is found, and a stream that no unpickler reads is known to be broken.
///
/// joblib's files are followed too: they have an array's bytes in the stream, after the object that describes the
/// array.
struct PickleMachine {
  /// The use of a name that is not on the allowlist, or is not known.
  struct Event {
    let offset: UInt64
    let text: String
  }

  /// Why and where the stream cannot be followed further.
  struct Broken: Error {
    let offset: UInt64
    let reason: String
    /// The stream continues, but a limit is reached.
    var isLimit = false
  }

  /// How the bytes are read.
  enum Mode {
    /// The bytes are a pickle.
    case pickle
    /// The bytes may not be a pickle at all: a name that no module can have ends it.
    case maybePickle
    /// The bytes of a joblib array, as the opcodes that pickle's own reader would take them for. Where that reader
    /// would raise an error, it ends without a finding.
    case opcodeReading
    /// A pickle that joblib passes to pickle's own reader, so it has no joblib arrays.
    case inner
  }

  var bytes: PickleBytes
  let mode: Mode
  let allows: (PickleGlobal) -> Bool
  var stack: [PickleValue] = []
  var memo = PickleMemo()
  var at: UInt64 = 0
  /// Where the frame of the next byte ends.
  var frameEnd: UInt64 = 0
  /// How many more opcodes may be followed in arrays.
  var opcodeReadingBudget = 1 << 26
  /// How many more bytes of text may be kept.
  var textBudget = 64 << 20

  private(set) var events: [Event] = []
  /// The number of opcodes that were followed to their end.
  private(set) var steps = 0
  /// Whether it began with PROTO.
  private var hasSignature = false
  /// Whether anything was imported or called.
  var importsOrCalls = false
  /// Whether anything was called.
  var calls = false
  /// The texts that objects have under the keys of `noted`: scikit-learn writes its version into each.
  private(set) var notes: [String: String] = [:]
  /// Whether an object has the names of the columns that it was fitted on.
  private(set) var hasFeatureNames = false
  /// How many opcodes came before the first name that is not allowed but is in a module of Python's or of a known
  /// package.
  var stepsBeforeKnownName: Int?

  /// More values than any real model's pickle has.
  private static let maximumCount = 1 << 23
  private static let eventLimit = 64
  /// Keys whose texts `notes` keeps.
  private static let noted: Set<String> = [PickleSurvey.scikitLearnKey]

  init(_ bytes: PickleBytes, _ mode: Mode, allows: @escaping (PickleGlobal) -> Bool) {
    self.bytes = bytes
    self.mode = mode
    self.allows = allows
  }

  /// A second reading of what comes next, whose changes to stack and memo do not affect this one.
  func forked() throws -> PickleMachine {
    var other = PickleMachine(try bytes.copy(), .opcodeReading, allows: allows)
    other.stack = stack
    other.memo = memo.layered()
    return other
  }

  /// The offset of the next byte.
  var offset: UInt64 { bytes.offset }

  /// Whether a guess that broke was probably a pickle: it called something, or a known name came after PROTO or was
  /// followed by more opcodes.
  var isProbablyPickle: Bool { calls || stepsBeforeKnownName.map { steps > $0 + 1 || hasSignature } ?? false }

  /// Follows the pickle to STOP.
  /// - Parameter limit: the most opcodes.
  /// - Throws: `Broken`, or what reading throws.
  mutating func run(limit: Int = .max) throws {
    while try step() {
      steps += 1
      if steps > limit { throw overLimit("more than \(limit) opcodes") }
      if stack.count > PickleMachine.maximumCount || memo.count > PickleMachine.maximumCount {
        throw overLimit("more than \(PickleMachine.maximumCount) values")
      }
    }
  }

  func broken(_ reason: String) -> Broken { Broken(offset: at, reason: reason) }

  func truncated() -> Broken { broken("it is cut short") }

  private func overLimit(_ what: String) -> Broken {
    Broken(offset: at, reason: "it has \(what), the limit of a scan", isLimit: true)
  }

  mutating func report(_ text: String) {
    if events.count < PickleMachine.eventLimit { events.append(Event(offset: at, text: text)) }
  }

  mutating func report(of other: PickleMachine) {
    events += other.events.prefix(PickleMachine.eventLimit - min(events.count, PickleMachine.eventLimit))
  }

  // MARK: Opcodes

  /// False after STOP.
  private mutating func step() throws -> Bool {
    at = bytes.offset
    guard let byte = try bytes.byte() else { throw broken("it ends before STOP") }
    guard let opcode = PickleOpcode(rawValue: byte) else {
      throw broken("0x\(Hex.encode([byte])) is not an opcode")
    }
    switch opcode {
    case .stop:
      _ = try pop()
      return false
    case .proto:
      guard let version = try bytes.byte(), version <= 5 else { throw broken("a protocol above 5") }
      if steps == 0 { hasSignature = true }
    case .frame:
      let (end, overflow) = (bytes.offset &+ 8).addingReportingOverflow(try number(8))
      frameEnd = overflow ? .max : end
    case .mark: stack.append(.mark)
    case .pop: guard stack.popLast() != nil else { throw broken("the stack is empty") }
    case .popMark: _ = try popToMark()
    case .dup: push(try reuse(try top()))
    case .none: push(.none)
    case .nextBuffer, .newTrue, .newFalse, .emptyList, .emptySet: push(.other)
    case .readOnlyBuffer: _ = try top()
    default: try stepValue(opcode)
    }
    return true
  }

  private mutating func stepValue(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .float, .int, .long, .string, .unicode, .persistent, .binInt, .binInt1, .binInt2, .binFloat, .long1, .long4,
      .binString, .shortBinString, .binUnicode, .shortBinUnicode, .binUnicode8, .binBytes, .shortBinBytes, .binBytes8,
      .byteArray8:
      try literal(opcode)
    case .get, .binGet, .longBinGet, .put, .binPut, .longBinPut, .memoize: try remember(opcode)
    case .emptyTuple, .tuple, .tuple1, .tuple2, .tuple3, .list, .dict, .emptyDict, .frozenSet, .append, .appends,
      .setItem, .setItems, .addItems:
      try collect(opcode)
    default: try use(opcode)
    }
  }

  private mutating func remember(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .get: try recall(PickleMemo.Key(line: try line()))
    case .binGet: try recall(.number(try number(1)))
    case .longBinGet: try recall(.number(try number(4)))
    case .put: memo.put(try top(), at: PickleMemo.Key(line: try line()))
    case .binPut: memo.put(try top(), at: .number(try number(1)))
    case .longBinPut: memo.put(try top(), at: .number(try number(4)))
    default: memo.put(try top())
    }
  }

  private mutating func recall(_ key: PickleMemo.Key) throws {
    guard let value = memo[key] else { throw broken("the memo has no such value") }
    push(try reuse(value))
  }

  /// Uses a value again. joblib uses each wrapper once, so this spends it.
  private mutating func reuse(_ value: PickleValue) throws -> PickleValue {
    if case .object = value { reportMisuse([value]) }
    return value
  }

  // MARK: Collections

  private mutating func collect(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .emptyTuple: push(.tuple([]))
    case .tuple: try tuple(try popToMark())
    case .tuple1: try tuple(try pop(1, reportingMisuse: false))
    case .tuple2: try tuple(try pop(2, reportingMisuse: false))
    case .tuple3: try tuple(try pop(3, reportingMisuse: false))
    case .list, .frozenSet:
      reportMisuse(try popToMark())
      push(.other)
    case .emptyDict: push(.dictionary(PickleFields()))
    case .dict:
      let fields = PickleFields()
      try fill(fields, try popToMark())
      push(.dictionary(fields))
    case .append:
      _ = try pop()
      try grow(try top())
    case .appends, .addItems:
      reportMisuse(try popToMark())
      try grow(try top())
    case .setItem: try fill(try top(below: 2), try pop(2))
    default:
      let items = try popToMark()
      try fill(try top(), items)
    }
  }

  private mutating func tuple(_ items: [PickleValue]) throws {
    // joblib puts its wrapper into no tuple, except as the class in the three arguments of copyreg's _reconstructor.
    if items.count > 3 || items.contains(where: { if case .object = $0 { true } else { false } }) {
      reportMisuse(items)
    }
    push(items.count <= 32 ? .tuple(items.map { $0.isPlain ? $0 : .other }) : .other)
  }

  private mutating func grow(_ target: PickleValue) throws {
    if case .global(let global) = target { report("appends to \(PickleMachine.shown(global))") }
  }

  private mutating func fill(_ target: PickleValue, _ items: [PickleValue]) throws {
    if case .global(let global) = target { report("sets items of \(PickleMachine.shown(global))") }
    guard case .dictionary(let fields) = target else {
      reportMisuse(items)
      return
    }
    try fill(fields, items)
  }

  private mutating func fill(_ fields: PickleFields, _ items: [PickleValue]) throws {
    guard items.count % 2 == 0 else { throw broken("a key without a value") }
    reportMisuse(items)
    // The readings share the dictionary, and this one must not see what another does to it.
    guard mode != .opcodeReading else { return }
    for pair in stride(from: 0, to: items.count, by: 2) {
      fields.set(items[pair], items[pair + 1])
      if case .text(PickleSurvey.featureNamesKey) = items[pair] { hasFeatureNames = true }
      if case .text(let key) = items[pair], PickleMachine.noted.contains(key), case .text(let text) = items[pair + 1],
        notes[key] == nil
      {
        notes[key] = text
      }
    }
  }

  static func shown(_ global: PickleGlobal) -> String { PrintableText.line(global.description, limit: 200) }

  // MARK: The stack

  mutating func push(_ value: PickleValue) { stack.append(value) }

  mutating func pop(reportingMisuse: Bool = true) throws -> PickleValue {
    guard let value = stack.popLast() else { throw broken("the stack is empty") }
    if case .mark = value { throw broken("a mark instead of a value") }
    if reportingMisuse { reportMisuse([value]) }
    return value
  }

  /// Pops values; the lowest comes first.
  mutating func pop(_ count: Int, reportingMisuse: Bool = true) throws -> [PickleValue] {
    var values: [PickleValue] = []
    for _ in 0..<count { values.append(try pop(reportingMisuse: reportingMisuse)) }
    return values.reversed()
  }

  mutating func popToMark() throws -> [PickleValue] {
    let mark = stack.lastIndex { if case .mark = $0 { true } else { false } }
    guard let mark else { throw broken("there is no mark") }
    let values = Array(stack[(mark + 1)...])
    stack.removeSubrange(mark...)
    return values
  }

  func top(below count: Int = 0) throws -> PickleValue {
    guard stack.count > count else { throw broken("the stack is empty") }
    let value = stack[stack.count - 1 - count]
    if case .mark = value { throw broken("a mark instead of a value") }
    return value
  }

  /// Called for values that go where joblib never puts its wrappers. A wrapper taken out from there could make joblib
  /// read an array where nothing is looked for. getattr must be called at once, or not at all.
  mutating func reportMisuse(_ values: [PickleValue]) {
    for value in values {
      if value.contains(\.isGetattr) { report("uses builtins.getattr") }
      guard mode == .pickle || mode == .maybePickle, value.contains({ $0 == .arrayWrapper }) else { continue }
      report("uses the wrapper of joblib's arrays in a way that joblib does not")
    }
  }
}
