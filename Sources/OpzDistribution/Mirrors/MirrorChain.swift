import OpzHTTP
import OpzIO
import OpzOCI
import OpzStore
import Synchronization

/// The repositories from which an image may be pulled, asked one after the other: mirrors, and the registry itself.
///
/// Whatever fails at one is asked of the next, as containers/image and containerd do: a source that does not answer,
/// refuses the login, does not have the content, or sends other content than its digest says. One that failed is not
/// asked again, except that one may lack something and have the rest.
final class MirrorChain: Sendable {
  struct Link: Sendable {
    let source: PullSource
    let repository: RemoteRepository
    /// The same with little patience.
    let brief: RemoteRepository
  }

  private struct State {
    /// Links that are not asked any more, with what they did wrong.
    var failed: [Int: any Error] = [:]
    /// Links that have sent something.
    var served: Set<Int> = []
    /// Tags that were said to come from a mirror, and other things that are said once.
    var said: Set<String> = []
  }

  let links: [Link]
  private let progress: any ProgressSink
  private let state = Mutex(State())

  /// - Parameter links: at least one; the last one is the registry itself unless the user's files leave it out.
  init(_ links: [Link], progress: any ProgressSink) {
    self.links = links
    self.progress = progress
  }

  /// The links that may be asked for something, in order. If all have failed, the last one is asked again.
  func order(_ use: PullSource.Use) -> [Int] {
    let able = links.indices.filter { links[$0].source.uses.contains(use) }
    let failed = state.withLock { Set($0.failed.keys) }
    let rest = able.filter { !failed.contains($0) }
    return rest.isEmpty ? able.suffix(1) : rest
  }

  /// The link that is likely to serve most.
  var likeliest: RemoteRepository { links[order(.content).first ?? links.count - 1].repository }

  /// What is known while one link after the other is asked.
  private struct Search<Value: Sendable> {
    /// Nobody has it, as far as was heard; the value or the error that says so.
    var nothing: Result<(Value, Link), any Error>?
    /// Whether a mirror says so that has the image. Whoever comes after it need not be there.
    var isCertain = false
    var failures: [(link: Link, error: any Error)] = []
  }

  /// Asks one link after the other.
  /// - Parameters:
  ///   - subject: what is asked for, for errors.
  ///   - isAnswer: false for an answer that says that there is nothing, so that the next one is asked too.
  /// - Returns: the first answer, or one that says that there is nothing: if all could be asked, or if it is from a
  ///   mirror that has the image.
  /// - Throws: the last link's error, with what the ones before did.
  func read<Value: Sendable>(
    _ use: PullSource.Use, _ subject: String, isAnswer: @Sendable (Value) -> Bool = { _ in true },
    body: @Sendable (RemoteRepository) async throws -> Value
  ) async throws -> (value: Value, link: Link) {
    var search = Search<Value>()
    for index in order(use) {
      let link = links[index]
      let hasServed = state.withLock { $0.served.contains(index) }
      do {
        let value = try await body(search.isCertain ? link.brief : link.repository)
        if isAnswer(value) {
          serve(index)
          return (value, link)
        }
        search.nothing = .success((value, link))
        search.isCertain = search.isCertain || hasServed
      } catch let error where !(error is CancellationError) {
        try Task.checkCancellation()
        fail(index, error)
        note(error, of: link, hasServed: hasServed, in: &search)
      }
    }
    if let nothing = search.nothing { return try nothing.get() }
    guard let last = search.failures.last else {
      throw DistributionError(
        .configuration, subject, reason: "no source may be asked for it",
        hint:
          "\(links.last?.source.place ?? "") gives none the capability; \(MirrorFiles.variable)=none pulls without mirrors"
      )
    }
    throw MirrorChain.explain(last.error, search.failures.dropLast())
  }

  private func note<Value>(_ error: any Error, of link: Link, hasServed: Bool, in search: inout Search<Value>) {
    let isAbsent = (error as? any ExplainedError)?.category == .notFound
    if isAbsent, hasServed { search.isCertain = true }
    if isAbsent, search.isCertain {
      search.nothing = .failure(error)
    } else if search.isCertain {
      say("\(link.source.reference.name) cannot be asked whether it has more than the mirror: ", error)
    } else {
      // Whoever cannot be asked may have what the others do not have.
      search.nothing = nil
    }
    search.failures.append((link, error))
  }

  private func say(_ text: String, _ error: any Error) {
    guard state.withLock({ $0.said.insert(text).inserted }) else { return }
    progress.report(.note(text + ((error as? any ExplainedError)?.reason ?? "\(error)")))
  }

  /// Records that a link has sent something.
  func serve(_ index: Int) { state.withLock { _ = $0.served.insert(index) } }

  /// Records that a link failed, and says so once.
  func fail(_ index: Int, _ error: any Error) {
    let isNew = state.withLock { state in
      // A mirror may lack something and have the rest, and the registry itself may have what mirrors do not have.
      let isAbsent = (error as? any ExplainedError)?.category == .notFound
      guard !isAbsent || !state.served.contains(index) && !links[index].source.isUpstream else { return false }
      return state.failed.updateValue(error, forKey: index) == nil
    }
    guard isNew, index + 1 < links.count else { return }
    let (source, next) = (links[index].source, links[index + 1].source)
    // An insecure source without TLS is the same as with it.
    guard source.reference != next.reference else { return }
    let reason = (error as? any ExplainedError)?.reason ?? "\(error)"
    progress.report(
      .note(
        "the mirror \(source.reference.name) is passed over: \(reason) (\(source.place)); asking \(next.reference.name)"
      ))
  }

  /// Says which mirror gave a tag its digest, because nothing proves that.
  func say(_ tag: String, _ digest: Digest, name: String, link: Link) {
    guard !link.source.isUpstream, !tag.hasPrefix("sha256-"), !tag.hasPrefix("sha512-") else { return }
    guard state.withLock({ $0.said.insert(tag).inserted }) else { return }
    progress.report(
      .note("\(name):\(tag) is \(digest), as the mirror \(link.source.reference.name) says (\(link.source.place))"))
  }

  static func explain(_ error: any Error, _ before: some Sequence<(link: Link, error: any Error)>) -> any Error {
    var all: [String] = []
    for (link, error) in before {
      let text = "\(link.source.reference.name): \((error as? any ExplainedError)?.reason ?? "\(error)")"
      if !all.contains(text) { all.append(text) }
    }
    guard !all.isEmpty, let error = error as? DistributionError else { return error }
    return error.with(reason: "\(error.reason) (mirrors failed before: \(all.joined(separator: "; ")))")
  }
}

/// A blob that the next source continues where one fails.
struct MirroredBlob: Blob {
  let chain: MirrorChain
  let descriptor: Descriptor
  let progress: any ProgressSink

  var size: UInt64 { descriptor.size }
  var isExpensiveToReread: Bool { true }

  func open(at offset: UInt64) throws -> any ByteSource {
    MirroredSource(chain, descriptor, offset: min(offset, size), progress: progress)
  }
}

/// Reads a blob from one source after the other, and finds out which of them sent other content.
private final class MirroredSource: ByteSource {
  private let chain: MirrorChain
  private let descriptor: Descriptor
  private let progress: any ProgressSink
  private var waiting: [Int]
  private var current: (index: Int, source: any ByteSource)?
  private var position: UInt64
  /// Nil where the first bytes were read before, so that the digest cannot be computed.
  private var hasher: DigestHasher?
  private var failures: [(link: MirrorChain.Link, error: any Error)] = []
  /// The links that have sent a part.
  private var senders: Set<Int> = []
  private let reports: Bool
  private var isOver = false

  init(_ chain: MirrorChain, _ descriptor: Descriptor, offset: UInt64, progress: any ProgressSink) {
    self.chain = chain
    self.descriptor = descriptor
    self.progress = progress
    waiting = chain.order(.content)
    position = offset
    hasher = offset == 0 ? DigestHasher(descriptor.digest.algorithm) : nil
    reports = offset == 0
    report(.started(item: descriptor.digest.short, total: descriptor.size))
  }

  deinit { end(.failed) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      let (index, source) = try currentSource()
      do {
        let count = try source.read(into: buffer)
        if count > 0 { try take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), from: index) }
        if position == descriptor.size, !isOver { end(.done) }
        return count
      } catch let error where !(error is CancellationError) && !(error is WrongContent) {
        current = nil
        chain.fail(index, error)
        failures.append((chain.links[index], error))
        guard !waiting.isEmpty else { throw MirrorChain.explain(error, failures.dropLast()) }
      } catch let wrong as WrongContent {
        end(.failed)
        throw wrong.error
      }
    }
  }

  private struct WrongContent: Error { let error: DistributionError }

  private func currentSource() throws -> (index: Int, source: any ByteSource) {
    if let current { return current }
    guard let index = waiting.first else {
      throw failures.last?.error
        ?? DistributionError(.notFound, "\(descriptor.digest)", reason: "no source may be asked for it")
    }
    waiting.removeFirst()
    let blob = RemoteBlob(client: chain.links[index].repository.client, descriptor: descriptor, isQuiet: true)
    let opened = (index, try blob.open(at: position))
    current = opened
    return opened
  }

  /// Checks the digest before the last bytes are handed on, so that nobody takes other content for whole.
  private func take(_ bytes: UnsafeRawBufferPointer, from index: Int) throws {
    senders.insert(index)
    position += UInt64(bytes.count)
    hasher?.update(bytes)
    if position == descriptor.size, let digest = hasher?.finish() {
      hasher = nil
      guard digest == descriptor.digest else { throw WrongContent(error: blame(digest)) }
      for sender in senders { chain.serve(sender) }
    }
    report(.advanced(item: descriptor.digest.short, bytes: UInt64(bytes.count)))
  }

  /// Every mirror that sent a part may be the one that lies.
  private func blame(_ digest: Digest) -> DistributionError {
    let names = senders.sorted().map { chain.links[$0].source.reference.name }.joined(separator: " and ")
    var error = DistributionError(
      .wrongDigest, "\(descriptor.digest)", reason: "\(names) sent content with the digest \(digest)",
      hint: "whoever runs it has to repair it; \(MirrorFiles.variable)=none pulls without mirrors")
    let mirrors = senders.filter { $0 + 1 < chain.links.count }
    for sender in mirrors { chain.fail(sender, error) }
    error.hasOtherSource = !mirrors.isEmpty
    return error
  }

  private func end(_ outcome: ProgressOutcome) {
    guard !isOver else { return }
    isOver = true
    report(.finished(item: descriptor.digest.short, outcome: outcome))
  }

  private func report(_ event: ProgressEvent) {
    if reports { progress.report(event) }
  }
}
