import OpzIO

/// Pickles and arrays one after the other in a file: pickles as torch wrote them before 1.6, NumPy arrays as
/// `numpy.save` appends them.
struct PickleSequence {
  private let file: ScannedFile
  private var bytes: PickleBytes

  /// What the file begins with.
  enum First { case pickle, maybePickle, array }

  static func follow(_ file: ScannedFile, _ first: First, scanner: inout FileScanner) throws {
    var sequence = PickleSequence(file: file, bytes: try PickleBytes(file.blob, at: 0))
    var kind = first
    while try sequence.step(kind, &scanner), sequence.bytes.remaining > 0 {
      kind = try sequence.isAtArray() ? .array : .maybePickle
    }
  }

  private init(file: ScannedFile, bytes: PickleBytes) {
    self.file = file
    self.bytes = bytes
  }

  private mutating func isAtArray() throws -> Bool {
    guard try bytes.peek() == NumPyHeader.mark[0] else { return false }
    var ahead = try bytes.copy()
    return try ahead.bytes(NumPyHeader.mark.count) == NumPyHeader.mark
  }

  /// False if it is not known what follows.
  private mutating func step(_ kind: First, _ scanner: inout FileScanner) throws -> Bool {
    switch kind {
    case .pickle: try pickle(&scanner)
    case .maybePickle: try guess(&scanner)
    case .array: try array(&scanner)
    }
  }

  private mutating func pickle(_ scanner: inout FileScanner) throws -> Bool {
    var machine = PickleMachine(bytes, .pickle, allows: scanner.allowlist.allows)
    scanner.countPickle()
    defer {
      PickleSequence.add(machine.events, file, scanner: &scanner)
      bytes = machine.bytes
    }
    do {
      try machine.run()
      return true
    } catch let broken as PickleMachine.Broken {
      scanner.add(.pickleBroken, .error, file: file, at: broken.offset, text: "it cannot be followed: \(broken.reason)")
      return false
    }
  }

  /// Follows what may be a pickle of protocol 0 or 1, which have no signature. Imports and calls before it breaks
  /// count.
  private mutating func guess(_ scanner: inout FileScanner) throws -> Bool {
    var machine = PickleMachine(bytes, .maybePickle, allows: scanner.allowlist.allows)
    defer { bytes = machine.bytes }
    do {
      try machine.run()
    } catch let broken as PickleMachine.Broken {
      // In a file that is not named as a pickle, a list of functions may look like an import: cos, sin, tan.
      let isProbablyPickle =
        machine.isProbablyPickle || (machine.stepsBeforeKnownName != nil && PickleScanner.isNamed(file))
      guard isProbablyPickle || broken.isLimit else { return false }
      scanner.countPickle()
      PickleSequence.add(machine.events, file, scanner: &scanner)
      scanner.add(
        .pickleBroken, .error, file: file, at: broken.offset,
        text: "it looks like a pickle, and cannot be followed: \(broken.reason)")
      return false
    }
    if machine.importsOrCalls {
      scanner.countPickle()
      PickleSequence.add(machine.events, file, scanner: &scanner)
    }
    return true
  }

  private mutating func array(_ scanner: inout FileScanner) throws -> Bool {
    let start = bytes.offset
    let header: NumPyHeader
    do {
      header = try NumPyHeader(&bytes)
    } catch let problem as NumPyHeader.Problem {
      scanner.add(.pickleBroken, .error, file: file, at: start, text: "its array header \(problem.reason)")
      return false
    }
    if header.holdsObjects { return try pickle(&scanner) }
    return try bytes.skip(header.size)
  }

  /// Reports what a pickle of a file does.
  /// - Parameter reported: offsets at which something was reported already: a pickle may be met at the file's beginning and in its middle.
  static func add(
    _ events: [PickleMachine.Event], _ file: ScannedFile, except reported: Set<UInt64> = [],
    scanner: inout FileScanner
  ) {
    var seen: Set<String> = []
    for event in events where !reported.contains(event.offset) && seen.insert(event.text).inserted {
      scanner.add(
        .pickleCall, .error, file: file, at: event.offset,
        text: "its pickle \(event.text): not on the allowlist")
    }
  }
}
