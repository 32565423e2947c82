import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Pickles in the middle of other files: databases, tables and HDF5 files store objects this way, and their readers
/// load them.
///
/// Only pickles of protocol 2 and later have a signature to search for, and only calls that are not on the allowlist
/// are reported.
struct EmbeddedPickleScanner: FormatScanner {
  let name = "pickles inside of other files"
  var matchesAnyFile: Bool { true }

  /// The most opcodes that are followed in one file.
  private static let stepLimit = 1 << 26

  /// The opcodes that may follow a pickle's signature: FRAME, or one that pushes or imports a value.
  private static let starts = Set("c(}])XUNKJMGC".utf8).union([0x95, 0x8C, 0x8A, 0x8F])

  /// Members of archives are scanned by themselves.
  func recognizes(_ file: ScannedFile) -> Bool {
    file.blob.size > 4 && !ZipScanner.hasSignature(file.head) && !TarScanner().recognizes(file)
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    let reported = scanner.offsetsOfCalls(in: file)
    var stepBudget = EmbeddedPickleScanner.stepLimit
    var base: UInt64 = 0
    var tail: [UInt8] = []
    var places: [UInt64] = []
    try file.blob.forEachChunk { chunk in
      // A signature may span two chunks.
      let seam = tail + chunk.prefix(2)
      seam.withUnsafeBytes { EmbeddedPickleScanner.search($0, base &- UInt64(tail.count), places: &places) }
      EmbeddedPickleScanner.search(chunk, base, places: &places)
      tail = Array(chunk.suffix(2))
      base += UInt64(chunk.count)
      for place in places where place > 0 && stepBudget > 0 {
        stepBudget -= try follow(file, at: place, limit: stepBudget, except: reported, &scanner)
      }
      places = []
    }
    if stepBudget <= 0 {
      scanner.add(
        .unread, .error, file: file,
        text: "possible pickles in it have more than \(EmbeddedPickleScanner.stepLimit) opcodes, the limit of a scan"
      )
    }
  }

  private static func search(_ bytes: UnsafeRawBufferPointer, _ base: UInt64, places: inout [UInt64]) {
    guard let start = bytes.baseAddress else { return }
    var rest = 0
    // memchr for speed: weights take gigabytes.
    while rest + 2 < bytes.count, let place = memchr(start + rest, 0x80, bytes.count - rest) {
      let found = UnsafeRawPointer(place) - start
      rest = found + 1
      guard found + 2 < bytes.count, (2...5).contains(bytes[found + 1]), starts.contains(bytes[found + 2]) else {
        continue
      }
      places.append(base + UInt64(found))
    }
  }

  /// Follows what may be a pickle, and reports what it calls.
  /// - Returns: the number of opcodes that were followed.
  private func follow(
    _ file: ScannedFile, at offset: UInt64, limit: Int, except reported: Set<UInt64>, _ scanner: inout FileScanner
  ) throws -> Int {
    var machine = PickleMachine(
      try PickleBytes(file.blob, at: offset, window: 1 << 12), .maybePickle, allows: scanner.allowlist.allows)
    do {
      try machine.run(limit: limit)
    } catch is PickleMachine.Broken {
      // What was found before it broke counts.
    }
    if machine.stepsBeforeKnownName != nil, machine.calls {
      PickleSequence.add(machine.events, file, except: reported, scanner: &scanner)
    }
    return machine.steps + 1
  }
}
