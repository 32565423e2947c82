import OpzIO

/// Pickles: one at the beginning of the file and those that follow it.
struct PickleLook: FormatLook {
  let name = "pickles"

  /// What is called so is loaded as a pickle by those who use it.
  static let names: Set<Substring> = ["pkl", "pickle", "joblib", "pt", "pth", "ckpt", "dill"]

  /// Anything may be a pickle of protocol 0 or 1, which has no mark of its own.
  func recognizes(_ file: ScannedFile) -> Bool { !NumPyArrayLook.hasMark(file.head) }

  func look(into file: ScannedFile, _ scanner: inout FileScanner) throws {
    let hasMark = file.head.count > 1 && file.head[0] == 0x80 && file.head[1] <= 5
    let isNamed = PickleLook.names.contains(file.suffix) && !PickleLook.isArchive(file.head)
    if hasMark || isNamed {
      try PickleLook.follow(file, at: 0, &scanner)
    } else {
      try guess(file, &scanner)
    }
  }

  /// What a program that loads pickles takes for something else first.
  private static func isArchive(_ head: [UInt8]) -> Bool {
    head.starts(with: [0x50, 0x4B, 3, 4]) || CompressedLook.format(head) != nil
      || head.starts(with: [0x89, 0x48, 0x44, 0x46])
  }

  /// Follows a pickle, and those that come after it in the same file.
  static func follow(_ file: ScannedFile, at offset: UInt64, _ scanner: inout FileScanner) throws {
    var machine = PickleMachine(try PickleBytes(file.blob, at: offset), allows: scanner.allowlist.allows)
    scanner.countPickle()
    defer { add(machine.events, file, &scanner) }
    do {
      try machine.run()
    } catch let broken as PickleMachine.Broken {
      return scanner.add(.pickleBroken, .error, file, at: broken.offset, "it cannot be followed: \(broken.reason)")
    }
    // Files of torch before 1.6 are several pickles and then bytes.
    var next = machine.offset
    for _ in 0..<16 where next < file.blob.size {
      var more = PickleMachine(
        try PickleBytes(file.blob, at: next), isGuess: true, allows: scanner.allowlist.allows)
      let isWhole = (try? more.run(limit: 1 << 22)) != nil
      if more.calls || isWhole { add(more.events, file, &scanner) }
      guard isWhole else { return }
      next = more.offset
    }
  }

  /// What would be imported and called before it breaks counts.
  private func guess(_ file: ScannedFile, _ scanner: inout FileScanner) throws {
    guard file.blob.size > 2 else { return }
    var machine = PickleMachine(
      try PickleBytes(file.blob, at: 0), isGuess: true, allows: scanner.allowlist.allows)
    let isWhole: Bool
    do {
      try machine.run()
      isWhole = true
    } catch is PickleMachine.Broken {
      isWhole = false
    }
    guard machine.usesGlobals, machine.calls || isWhole else { return }
    scanner.countPickle()
    PickleLook.add(machine.events, file, &scanner)
  }

  private static func add(_ events: [PickleMachine.Event], _ file: ScannedFile, _ scanner: inout FileScanner) {
    var seen: Set<String> = []
    for event in events where seen.insert(event.text).inserted {
      scanner.add(
        .pickleCall, .error, file, at: event.offset,
        "its pickle \(event.text), which is not on the list of what models need")
    }
  }
}
