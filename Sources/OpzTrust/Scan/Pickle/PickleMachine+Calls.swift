/// Opcodes that import and call.
extension PickleMachine {
  mutating func use(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .global:
      push(.global(try global(try line(), try line())))
    case .stackGlobal:
      let names = try pop(2)
      push(try stackGlobal(names[0], names[1]))
    case .inst:
      let global = try global(try line(), try line())
      push(try called(.global(global), try popToMark(), by: opcode))
    case .obj:
      let items = try popToMark()
      guard let callee = items.first else { throw broken("OBJ without a class") }
      push(try called(callee, Array(items.dropFirst()), by: opcode))
    case .reduce, .newObj:
      let items = try pop(2, reportingMisuse: false)
      let arguments = if case .tuple(let all) = items[1] { all } else { [PickleValue.other] }
      push(try called(items[0], arguments, by: opcode))
    case .newObjEx:
      let items = try pop(3)
      push(try called(items[0], [.other], by: opcode))
    case .build: try build()
    case .binPersistent: push(PickleMachine.persistent(try pop()))
    case .ext1, .ext2, .ext4:
      let code = try number(opcode == .ext1 ? 1 : opcode == .ext2 ? 2 : 4)
      importsOrCalls = true
      report("uses the extension code \(code), whose meaning only the loading program knows")
      push(.other)
    default: throw broken("the opcode is not known")
    }
  }

  /// What torch's reader returns for a persistent ID: the class of `("module", class, file, source)`, else bytes.
  private static func persistent(_ identifier: PickleValue) -> PickleValue {
    guard case .tuple(let items) = identifier, items.count == 4, case .text("module") = items[0],
      case .global = items[1]
    else { return .other }
    return items[1]
  }

  private mutating func global(_ module: [UInt8], _ name: [UInt8]) throws -> PickleGlobal {
    guard let module = String(validating: module, as: UTF8.self), let name = String(validating: name, as: UTF8.self)
    else { throw broken("a name that is not UTF-8") }
    return try checked(PickleGlobal(module: module, name: name))
  }

  private mutating func stackGlobal(_ module: PickleValue, _ name: PickleValue) throws -> PickleValue {
    guard case .text(let module) = module, case .text(let name) = name else {
      if mode == .opcodeReading, !(module.mayBeText && name.mayBeText) { throw broken("a name that is not a string") }
      importsOrCalls = true
      if stepsBeforeKnownName == nil { stepsBeforeKnownName = steps }
      report("imports a name that is known only when it is loaded")
      return .other
    }
    return .global(try checked(PickleGlobal(module: module, name: name)))
  }

  private mutating func checked(_ global: PickleGlobal) throws -> PickleGlobal {
    if mode == .maybePickle, !global.isPlain { throw broken("no module has such a name") }
    // Whether getattr is allowed depends on its use; see `reportMisuse`.
    guard !allows(global), !(global.isGetattr && mode != .opcodeReading) else {
      importsOrCalls = true
      return global
    }
    let isKnown = PythonModules.mayExist(global.module)
    if mode == .opcodeReading, !isKnown { throw broken("there is no such module") }
    // In NumPy's pickle of an object array, this name comes with a module from that pickle's own memo, which is another
    // text in the memo of the pickle around it.
    if mode == .opcodeReading, global.name == "dtype", PickleAllowlist.knows(library: global.module) {
      throw broken("there is no such name")
    }
    importsOrCalls = true
    if stepsBeforeKnownName == nil, PythonModules.isKnown(global.module) { stepsBeforeKnownName = steps }
    report("uses \(PickleMachine.shown(global))")
    return global
  }

  private mutating func called(_ callee: PickleValue, _ arguments: [PickleValue], by opcode: PickleOpcode) throws
    -> PickleValue
  {
    guard case .global(let global) = callee else {
      if mode == .opcodeReading { throw broken("what is called is not a function") }
      (calls, importsOrCalls) = (true, true)
      reportMisuse([callee])
      reportMisuse(arguments)
      report("calls the result of another call")
      return .other
    }
    (calls, importsOrCalls) = (true, true)
    if PickleMachine.createsArrayWrapper(global, arguments, by: opcode) { return .object(PickleObject(.arrayWrapper)) }
    if let found = try imported(by: global, arguments, opcode) { return found }
    reportMisuse([callee])
    reportMisuse(arguments)
    if opcode != .newObj, global.isBooster, !arguments.isEmpty {
      report("creates \(PickleMachine.shown(global)) with arguments, which may be a file to read")
    }
    guard global == .dtype else { return .result(global) }
    let text = arguments.first.flatMap { if case .text(let text) = $0 { text } else { nil } }
    return .object(PickleObject(.dtype, text: text))
  }

  /// What two functions return that real pickles use for imports: NumPy's for its ufuncs, and getattr for a time zone's
  /// constructor.
  private mutating func imported(by callee: PickleGlobal, _ arguments: [PickleValue], _ opcode: PickleOpcode) throws
    -> PickleValue?
  {
    if callee.isImporter {
      guard arguments.count == 2 else { return try stackGlobal(.other, .other) }
      return try stackGlobal(arguments[0], arguments[1])
    }
    guard callee.isGetattr, opcode == .reduce, arguments.count == 2, case .global(.zone) = arguments[0],
      case .text("_unpickle") = arguments[1]
    else { return nil }
    return .global(PickleGlobal(module: "zoneinfo.ZoneInfo", name: "_unpickle"))
  }

  /// Whether a call creates joblib's array wrapper in one of pickle's two ways to write an object without a reduction
  /// of its own: NEWOBJ, and before protocol 2 copyreg's `_reconstructor`.
  private static func createsArrayWrapper(_ callee: PickleGlobal, _ arguments: [PickleValue], by opcode: PickleOpcode)
    -> Bool
  {
    if opcode == .newObj { return callee == .arrayWrapper && arguments.isEmpty }
    guard opcode == .reduce, callee.isReconstructor, arguments.count == 3, case .global(.arrayWrapper) = arguments[0],
      case .global(let base) = arguments[1], case .none = arguments[2]
    else { return false }
    return base.isObject
  }

  private mutating func build() throws {
    let state = try pop()
    let target = try top()
    calls = calls || importsOrCalls
    switch target {
    case .global(let global): report("changes \(PickleMachine.shown(global))")
    case .object(let object) where mode != .opcodeReading:
      object.build(state)
      if object.type == .arrayWrapper, mode != .inner { try array(object, state) }
    default: break
    }
  }

  /// joblib's reader takes the array's bytes here; pickle's own would continue with them as opcodes. Findings of both
  /// readings count.
  private mutating func array(_ wrapper: PickleObject, _ state: PickleValue) throws {
    guard wrapper.states.count == 1, case .dictionary(let fields) = state, let array = JoblibArray(fields) else {
      report("has a joblib array of unknown size")
      throw broken("the joblib array here has an unknown size")
    }
    // joblib ends the frame here. If the frame is longer, its reader continues with opcodes from the frame and takes
    // the array from after it.
    if bytes.offset < frameEnd { report("has a joblib array in the middle of a frame") }
    stack.removeLast()
    try followAsOpcodes(wrapper)
    push(.other)
    if array.isAligned, !array.holdsObjects {
      guard let padding = try bytes.byte(), try bytes.skip(UInt64(padding)) else { throw truncated() }
    }
    guard array.holdsObjects else {
      guard try bytes.skip(array.size) else { throw truncated() }
      return
    }
    var inner = PickleMachine(bytes, .inner, allows: allows)
    defer { report(of: inner) }
    try inner.run()
    bytes = inner.bytes
  }

  private mutating func followAsOpcodes(_ wrapper: PickleObject) throws {
    var other = try forked()
    other.push(.object(wrapper))
    defer { report(of: other) }
    do {
      try other.run(limit: opcodeReadingBudget)
    } catch let end as Broken where !end.isLimit {
      // A call made before it breaks counts.
    } catch is Broken {
      other.report("has an array that reads as more opcodes than the limit")
    }
    // Copying the stack takes time too.
    opcodeReadingBudget -= min(opcodeReadingBudget, other.steps + stack.count)
  }
}
