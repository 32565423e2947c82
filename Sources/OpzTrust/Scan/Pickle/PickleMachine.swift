import OpzIO

/// Follows a pickle without making anything of it: a stack and a memo as the unpickler has them, so that a name that is put together from
/// pieces of the memo is found, and a stream that no unpickler reads is known to be broken.
///
/// joblib's files are followed too: it writes an array's bytes into the stream, after the object that describes them.
struct PickleMachine {
  /// What is not on the list of what models need, or cannot be known.
  struct Event {
    let offset: UInt64
    let text: String
  }

  /// The stream does not go on: where and why.
  struct Broken: Error {
    let offset: UInt64
    let reason: String
  }

  private var bytes: PickleBytes
  private let allows: (PickleGlobal) -> Bool
  private var stack: [PickleValue] = []
  private var memo: [UInt64: PickleValue] = [:]
  private var at: UInt64 = 0
  private var steps = 0
  private let depth: Int
  /// The bytes need not be a pickle at all: a name that no module has ends it, and joblib's arrays are not passed over.
  private var isGuess: Bool
  /// An array of joblib's is followed as opcodes: where the unpickler would raise an error, nothing more happens.
  private var isSecondReading = false

  private(set) var events: [Event] = []
  /// Something was imported or called.
  private(set) var usesGlobals = false
  /// Something was called.
  private(set) var calls = false

  /// More values than any model's pickle has.
  private static let most = 1 << 24
  private static let eventLimit = 64

  init(_ bytes: PickleBytes, depth: Int = 0, isGuess: Bool = false, allows: @escaping (PickleGlobal) -> Bool) {
    self.isGuess = isGuess
    self.bytes = bytes
    self.allows = allows
    self.depth = depth
  }

  /// The next byte after what was read.
  var offset: UInt64 { bytes.offset }

  /// Follows to STOP.
  /// - Parameter limit: of opcodes.
  /// - Throws: `Broken`, or what reading throws.
  mutating func run(limit: Int = .max) throws {
    while try step() {
      steps += 1
      if steps > limit { throw broken("more than \(limit) opcodes") }
      if stack.count > PickleMachine.most || memo.count > PickleMachine.most {
        throw broken("more values than a model has")
      }
    }
  }

  private func broken(_ reason: String) -> Broken { Broken(offset: at, reason: reason) }

  private mutating func report(_ text: String) {
    if events.count < PickleMachine.eventLimit { events.append(Event(offset: at, text: text)) }
  }

  // MARK: Opcodes

  /// False after STOP.
  private mutating func step() throws -> Bool {
    at = bytes.offset
    guard let byte = try bytes.byte() else { throw broken("it ends before STOP") }
    guard let opcode = PickleOpcode(rawValue: byte) else {
      throw broken("0x\(Hex.encode([byte])) is no opcode")
    }
    switch opcode {
    case .stop:
      _ = try pop()
      return false
    case .proto:
      guard let version = try bytes.byte(), version <= 5 else { throw broken("a protocol above 5") }
    case .frame: guard try bytes.number(8) != nil else { throw cut() }
    case .mark: stack.append(.mark)
    case .pop: guard stack.popLast() != nil else { throw broken("the stack is empty") }
    case .popMark: _ = try popToMark()
    case .dup: push(try top())
    case .nextBuffer, .none, .newTrue, .newFalse, .emptyList, .emptySet: push(.other)
    case .readOnlyBuffer: _ = try top()
    default: try stepFurther(opcode)
    }
    return true
  }

  private mutating func stepFurther(_ opcode: PickleOpcode) throws {
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

  private mutating func literal(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .int, .float, .long, .persistent:
      guard try bytes.line() != nil else { throw cut() }
      push(.other)
    case .string: push(quoted(try line()))
    case .unicode: push(plain(try line()))
    case .binInt: push(.number(try number(4)))
    case .binInt1: push(.number(try number(1)))
    case .binInt2: push(.number(try number(2)))
    case .binFloat: try pass(8)
    case .long1: push(try long(try number(1)))
    case .long4: push(try long(try number(4)))
    case .binString, .binUnicode: push(try text(try number(4)))
    case .shortBinString, .shortBinUnicode: push(try text(try number(1)))
    case .binUnicode8: push(try text(try number(8)))
    case .binBytes: try pass(try number(4))
    case .shortBinBytes: try pass(try number(1))
    default: try pass(try number(8))
    }
  }

  private mutating func remember(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .get: try recall(try index())
    case .binGet: try recall(try number(1))
    case .longBinGet: try recall(try number(4))
    case .put: memo[try index()] = try top()
    case .binPut: memo[try number(1)] = try top()
    case .longBinPut: memo[try number(4)] = try top()
    default: memo[UInt64(memo.count)] = try top()
    }
  }

  private mutating func recall(_ index: UInt64) throws {
    guard let value = memo[index] else { throw broken("the memo has no value \(index)") }
    push(value)
  }

  private mutating func collect(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .emptyTuple: push(.tuple([]))
    case .tuple: push(PickleMachine.tuple(try popToMark()))
    case .tuple1: push(PickleMachine.tuple(try pop(1)))
    case .tuple2: push(PickleMachine.tuple(try pop(2)))
    case .tuple3: push(PickleMachine.tuple(try pop(3)))
    case .list, .frozenSet:
      _ = try popToMark()
      push(.other)
    case .emptyDict: push(.dictionary(PickleFields()))
    case .dict:
      let fields = PickleFields()
      try fill(fields, try popToMark())
      push(.dictionary(fields))
    case .append:
      _ = try pop()
      _ = try top()
    case .appends, .addItems:
      _ = try popToMark()
      _ = try top()
    case .setItem: try fill(try top(below: 2), try pop(2))
    default:
      let items = try popToMark()
      try fill(try top(), items)
    }
  }

  private mutating func fill(_ target: PickleValue, _ items: [PickleValue]) throws {
    if case .global(let global) = target { report("sets items of \(global.description)") }
    guard case .dictionary(let fields) = target else { return }
    try fill(fields, items)
  }

  private mutating func fill(_ fields: PickleFields, _ items: [PickleValue]) throws {
    guard items.count % 2 == 0 else { throw broken("a key without a value") }
    for pair in stride(from: 0, to: min(items.count, 64), by: 2) { fields.set(items[pair], items[pair + 1]) }
  }

  // MARK: What imports and calls

  private mutating func use(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .global:
      push(.global(try global(try line(), try line())))
    case .stackGlobal:
      let names = try pop(2)
      push(try stackGlobal(names[0], names[1]))
    case .inst:
      let global = try global(try line(), try line())
      _ = try popToMark()
      push(try called(.global(global), []))
    case .obj:
      let items = try popToMark()
      guard let callee = items.first else { throw broken("OBJ without a class") }
      push(try called(callee, Array(items.dropFirst())))
    case .reduce, .newObj:
      let items = try pop(2)
      let arguments = if case .tuple(let all) = items[1] { all } else { [PickleValue]() }
      push(try called(items[0], arguments))
    case .newObjEx:
      let items = try pop(3)
      push(try called(items[0], []))
    case .build: try build()
    case .binPersistent:
      _ = try pop()
      push(.other)
    case .ext1, .ext2, .ext4:
      let code = try number(opcode == .ext1 ? 1 : opcode == .ext2 ? 2 : 4)
      usesGlobals = true
      report("uses the extension \(code), which stands for something that only the reader knows")
      push(.other)
    default: throw broken("the opcode is not known")
    }
  }

  private mutating func global(_ module: [UInt8], _ name: [UInt8]) throws -> PickleGlobal {
    guard let module = String(validating: module, as: UTF8.self), let name = String(validating: name, as: UTF8.self)
    else { throw broken("a name that is not UTF-8") }
    return try checked(PickleGlobal(module: module, name: name))
  }

  private mutating func stackGlobal(_ module: PickleValue, _ name: PickleValue) throws -> PickleValue {
    guard case .text(let module) = module, case .text(let name) = name else {
      if isSecondReading, !(module.mayBeText && name.mayBeText) { throw broken("a name that is no text") }
      usesGlobals = true
      report("imports something whose name cannot be known before it is loaded")
      return .other
    }
    return .global(try checked(PickleGlobal(module: module, name: name)))
  }

  private mutating func checked(_ global: PickleGlobal) throws -> PickleGlobal {
    if isGuess, !global.isPlain { throw broken("no module has such a name") }
    if isSecondReading, !allows(global), !PythonModules.mayExist(global.module) {
      throw broken("there is no such module")
    }
    usesGlobals = true
    if !allows(global) { report("uses \(PrintableText.line(global.description, limit: 200))") }
    return global
  }

  private mutating func called(_ callee: PickleValue, _ arguments: [PickleValue]) throws -> PickleValue {
    guard case .global(let global) = callee else {
      if isSecondReading { throw broken("what is called is no function") }
      (calls, usesGlobals) = (true, true)
      report("calls what another call gave")
      return .other
    }
    (calls, usesGlobals) = (true, true)
    let text = arguments.first.flatMap { if case .text(let text) = $0 { text } else { nil } }
    return .made(global, text)
  }

  private mutating func build() throws {
    let state = try pop()
    let target = try top()
    calls = true
    if case .global(let global) = target { report("changes \(PrintableText.line(global.description, limit: 200))") }
    guard !isGuess, case .made(let maker, _) = target, maker.module == "joblib.numpy_pickle",
      maker.name == "NumpyArrayWrapper",
      case .dictionary(let fields) = state
    else { return }
    try passArray(JoblibArray(fields.members))
  }

  /// joblib's reader takes the array's bytes here; pickle's own would go on with them as opcodes. What either would do counts.
  private mutating func passArray(_ array: JoblibArray?) throws {
    guard let array else { throw broken("the array that joblib put here has no size that can be known") }
    try followAsOpcodes()
    if array.isAligned, !array.holdsObjects {
      guard let padding = try bytes.byte(), try bytes.skip(UInt64(padding)) else { throw cut() }
    }
    if array.holdsObjects {
      guard depth < 8 else { throw broken("pickles in pickles in pickles") }
      var inner = PickleMachine(try bytes.copy(), depth: depth + 1, allows: allows)
      defer { events += inner.events }
      try inner.run()
      bytes = inner.bytes
    } else {
      guard try bytes.skip(array.size) else { throw cut() }
    }
  }

  private mutating func followAsOpcodes() throws {
    var other = self
    other.bytes = try bytes.copy()
    other.events = []
    other.isGuess = true
    other.isSecondReading = true
    // A call that comes before it breaks has been made.
    _ = try? other.run(limit: 1 << 16)
    events += other.events
  }

  // MARK: The stack

  private mutating func push(_ value: PickleValue) { stack.append(value) }

  private mutating func pop() throws -> PickleValue {
    guard let value = stack.popLast() else { throw broken("the stack is empty") }
    if case .mark = value { throw broken("a mark where a value belongs") }
    return value
  }

  /// The last values, the lowest first.
  private mutating func pop(_ count: Int) throws -> [PickleValue] {
    var values: [PickleValue] = []
    for _ in 0..<count { values.append(try pop()) }
    return values.reversed()
  }

  private mutating func popToMark() throws -> [PickleValue] {
    let mark = stack.lastIndex { if case .mark = $0 { true } else { false } }
    guard let mark else { throw broken("there is no mark") }
    let values = Array(stack[(mark + 1)...])
    stack.removeSubrange(mark...)
    return values
  }

  private func top(below count: Int = 0) throws -> PickleValue {
    guard stack.count > count else { throw broken("the stack is empty") }
    let value = stack[stack.count - 1 - count]
    if case .mark = value { throw broken("a mark where a value belongs") }
    return value
  }

  private static func tuple(_ items: [PickleValue]) -> PickleValue {
    guard items.count <= 32 else { return .other }
    return .tuple(items.map { $0.isPlain ? $0 : .other })
  }

  // MARK: Literals

  private func cut() -> Broken { broken("it is cut short") }

  private mutating func number(_ width: Int) throws -> UInt64 {
    guard let number = try bytes.number(width) else { throw cut() }
    return number
  }

  private mutating func line() throws -> [UInt8] {
    guard let line = try bytes.line() else { throw cut() }
    return line
  }

  private mutating func index() throws -> UInt64 {
    // int() takes spaces, signs and underscores; no writer has them.
    guard let text = String(validating: try line(), as: UTF8.self), let index = UInt64(text),
      text.utf8.first != UInt8(ascii: "+")
    else { throw broken("a place in the memo that is no number") }
    return index
  }

  private mutating func pass(_ count: UInt64) throws {
    guard try bytes.skip(count) else { throw cut() }
    push(.other)
  }

  private mutating func long(_ count: UInt64) throws -> PickleValue {
    guard count <= 7 else {
      guard try bytes.skip(count) else { throw cut() }
      return .other
    }
    guard let raw = try bytes.bytes(Int(count)) else { throw cut() }
    // Two's complement: a negative number is no size.
    if let last = raw.last, last >= 0x80 { return .other }
    return .number(raw.reversed().reduce(0) { $0 << 8 | UInt64($1) })
  }

  private mutating func text(_ count: UInt64) throws -> PickleValue {
    guard count <= 1024 else {
      guard try bytes.skip(count) else { throw cut() }
      return .hiddenText
    }
    guard let raw = try bytes.bytes(Int(count)) else { throw cut() }
    return String(validating: raw, as: UTF8.self).map { .text($0) } ?? .hiddenText
  }

  /// The line of STRING: a Python literal in quotes.
  private func quoted(_ line: [UInt8]) -> PickleValue {
    guard line.count >= 2, let first = line.first, first == line.last, [0x22, 0x27].contains(first) else {
      return .hiddenText
    }
    return plain(Array(line.dropFirst().dropLast()))
  }

  private func plain(_ text: [UInt8]) -> PickleValue {
    // An escape is another text than it seems: then the name is not known.
    guard text.count <= 1024, !text.contains(UInt8(ascii: "\\")) else { return .hiddenText }
    return String(validating: text, as: UTF8.self).map { .text($0) } ?? .hiddenText
  }
}
