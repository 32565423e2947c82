import OpzHTTP
import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzDistribution

/// The transition function of an upload, without a server.
@Suite("The transitions of an upload") struct UploadTransitionTests {
  @Test("each leads where the table says", arguments: TransitionRow.all)
  func leads(_ row: TransitionRow) throws { #expect(try row.step().cells == row.next) }

  /// OPZ_UPDATE_DOCS=1 writes the table.
  @Test("the documentation has the table, line by line")
  func documented() throws {
    let file = PackageRoot.path(#filePath).appending("docs/reference/uploads.md")
    let page = String(decoding: try FileBlob(file).bytes(), as: UTF8.self)
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    let begin = try #require(lines.lastIndex { $0.hasPrefix("|---") }) + 1
    let end = lines[begin...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
    let table = TransitionRow.all.map(\.line)
    if ProcessEnvironment.value("OPZ_UPDATE_DOCS") != nil {
      let new = lines[..<begin].map(String.init) + table + lines[end...].map(String.init)
      try Durable.replace(file, with: Array(new.joined(separator: "\n").utf8))
    } else {
      #expect(lines[begin..<end].map(String.init) == table, "OPZ_UPDATE_DOCS=1 writes the table")
    }
  }

  /// From each state, random events lead to an end: with a registry that forgets, refuses, breaks and answers at random,
  /// and no more requests than its patience allows.
  @Test("random events never lead to a request that makes no sense", arguments: 0..<200 as Range<UInt64>)
  func walks(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let size = UInt64.random(in: 0..<(200 << 20), using: &random)
    let descriptor = Descriptor(mediaType: .layerTar, digest: Digest.of([]), size: size)
    var profile = RemoteRegistryProfile(registry: "https://r.example")
    if Bool.random(using: &random) {
      profile.uploadLimit = ConnectionLimit(1 << 20, milliseconds: 2000, after: nil, now: 0)
    }
    let transition = UploadTransition(
      descriptor: descriptor, subject: "r.example/a", host: "r.example", profile: profile, quirks: .known,
      candidates: ["b", "c"], isJournaled: Bool.random(using: &random))
    var step = transition.next(.ready, .begun(nil), history: UploadHistory(.known))
    for _ in 0..<500 {
      guard let request = step.request else { break }
      check(request, size)
      step = transition.next(step.state, event(&random, size), history: step.history)
    }
    if case .done = step.state { #expect(step.request == nil) }
    if case .failed = step.state { #expect(step.request == nil) }
  }

  @Test(
    "a break is noted where the registry's copy ends, if it has a part of the chunk, and else where the system had taken bytes",
    arguments: [(20 << 20, 14 << 20), (16 << 20, 30 << 20)] as [(UInt64, UInt64)])
  func breaks(_ kept: UInt64, _ noted: UInt64) throws {
    let transition = UploadTransition(
      descriptor: Descriptor(mediaType: .layerTar, digest: Digest.of([]), size: TransitionRow.large),
      subject: "r.example/a", host: "r.example", profile: RemoteRegistryProfile(registry: "https://r.example"),
      quirks: .known, candidates: [], isJournaled: true)
    var history = UploadHistory(.known)
    history.furthest = 16 << 20
    // The connection had taken 10 MiB before this chunk, and 20 of its own.
    let failure = UploadFailure(
      error: DistributionError(.connection, "r.example/a", reason: "it broke"), sent: 20 << 20,
      use: ConnectionUse(sent: 30 << 20, received: 0, milliseconds: 100))
    var step = transition.next(
      .chunked(TransitionRow.session(16 << 20, sending: 32 << 20)), .failure(failure), history: history)
    var lessons: [UploadLesson] = []
    for _ in 0..<2 {
      let status = TransitionRow.answer(204, [("range", "0-\(kept - 1)")])
      step = transition.next(step.state, status, history: step.history)
      lessons += step.effects.compactMap { if case .learn(let lesson) = $0 { lesson } else { nil } }
    }
    let use = ConnectionUse(sent: noted, received: 0, milliseconds: 100)
    #expect(lessons.contains(.connectionBreak(use)), "\(lessons)")
  }

  @Test("a registry that confirms a chunk and then does not have it is not tried forever", arguments: [false, true])
  func forgets(_ isRefused: Bool) {
    let transition = UploadTransition(
      descriptor: Descriptor(mediaType: .layerTar, digest: Digest.of([]), size: TransitionRow.large),
      subject: "r.example/a", host: "r.example", profile: RemoteRegistryProfile(registry: "https://r.example"),
      quirks: .known, candidates: [], isJournaled: true)
    var step = transition.next(.ready, .begun(TransitionRow.session()), history: UploadHistory(.known))
    var attempts = 0
    for _ in 0..<400 {
      guard let request = step.request else { break }
      switch step.pause {
      case .retry, .startOver: attempts += 1
      case .settle, nil: break
      }
      let event =
        switch request.kind {
        case .chunk(let session, _) where session.acknowledged == 0: TransitionRow.answer(202)
        case .chunk: isRefused ? TransitionRow.answer(416) : TransitionRow.cut
        case .status: TransitionRow.answer(204, [("range", "0-0")])
        case .exists: TransitionRow.answer(404)
        default: TransitionRow.answer(202, [("location", "/u")])
        }
      step = transition.next(step.state, event, history: step.history)
    }
    // Attempts are what the retry budget counts; without any, the walk would go on for as long as the process does.
    if case .failed = step.state { return }
    #expect(attempts > 20)
  }

  private func check(_ request: UploadRequest, _ size: UInt64) {
    switch request.kind {
    case .chunk(let session, let count):
      #expect(count > 0 && session.acknowledged + count <= size)
      #expect(session.sending == count)
    case .close(let session): #expect(session.acknowledged == size)
    default: break
    }
  }

  private func event(_ random: inout SeededGenerator, _ size: UInt64) -> UploadEvent {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return TransitionRow.cut
    case 1: return TransitionRow.busy
    case 2: return TransitionRow.unusable
    default:
      let status = [200, 201, 202, 204, 404, 413, 416, 400].randomElement(using: &random) ?? 200
      let end = UInt64.random(in: 0..<(size &+ 2), using: &random)
      let ranges = [[], [("range", "0-\(end)")], [("range", "0-\(UInt64.max)")], [("range", "x")]]
      return TransitionRow.answer(status, ranges.randomElement(using: &random) ?? [])
    }
  }

  @Test("a connection gets half of where others broke, and of a limit by time what the line carries in a quarter")
  func shares() {
    let bytes = ConnectionLimit(7 << 20, milliseconds: 20, after: nil, now: 0)
    #expect(bytes.milliseconds == nil && bytes.share == 7 << 19 && bytes.share(at: 1) == 7 << 19)
    let time = ConnectionLimit(8 << 20, milliseconds: 2000, after: nil, now: 0)
    #expect(time.share(at: 1_048_576) == 1 << 19, "half a second of a MiB a second")
    #expect(time.share(at: 1e9) == 2 << 20 && time.share(at: nil) == 2 << 20)
    #expect(time.share(at: 0) == RemoteRegistryProfile.smallestRequest && time.share(at: .infinity) == 2 << 20)
    let both = ConnectionLimit(2 << 20, milliseconds: 3000, after: time, now: 0)
    #expect(both.bytes == 2 << 20 && both.milliseconds == 2000 && both.breaks == 2)
  }

  @Test("a connection that broke shows no limit where another carried more for longer")
  func evidence() {
    var evidence = ConnectionEvidence()
    func showsLimit(_ bytes: UInt64, milliseconds: Int64) -> Bool {
      evidence.showsLimit(bytes, milliseconds: milliseconds, least: ConnectionLimit.smallestUpload)
    }
    #expect(!showsLimit(300 << 10, milliseconds: 20), "too early for a limit")
    var downloads = ConnectionEvidence()
    let isShown = downloads.showsLimit(300 << 10, milliseconds: 20, least: ConnectionLimit.smallestDownload)
    #expect(isShown, "of a download, all bytes have arrived")
    #expect(showsLimit(3 << 20, milliseconds: 20))
    evidence.carried(200 << 20, milliseconds: 10_000)
    #expect(!showsLimit(3 << 20, milliseconds: 20) && !showsLimit(90 << 20, milliseconds: 9000))
    #expect(showsLimit(3 << 20, milliseconds: 20), "three in a row count more")
    evidence.carried(200 << 20, milliseconds: 10_000)
    #expect(showsLimit(300 << 20, milliseconds: 500), "more than any has carried")
    #expect(showsLimit(1 << 20, milliseconds: 20_000), "longer than any was open")
  }

  @Test("a limit that was seen once is forgotten after a day, one that was seen again after thirty")
  func ages() throws {
    let once = ConnectionLimit(7 << 20, milliseconds: 20, after: nil, now: 0)
    let twice = ConnectionLimit(7 << 20, milliseconds: 20, after: once, now: 0)
    let day: Int64 = 86_400_000
    let at = { (milliseconds: Int64) in Timestamp(milliseconds: milliseconds) }
    #expect(once.isUsable(now: at(day)) && !once.isUsable(now: at(day + 1)))
    #expect(twice.isUsable(now: at(30 * day)) && !twice.isUsable(now: at(30 * day + 1)))
    #expect(!once.isUsable(now: at(.min)))
    for change in [
      { $0.bytes = 1 }, { $0.milliseconds = 1 }, { $0.breaks = 0 }, { $0.learned = .min }, { $0.breaks = .max },
    ] as [(inout ConnectionLimit) -> Void] {
      var damaged = twice
      change(&damaged)
      #expect(!damaged.isUsable(now: at(0)), "a file that somebody wrote by hand: \(damaged)")
    }
  }
}
