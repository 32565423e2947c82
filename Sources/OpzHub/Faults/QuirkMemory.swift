import OpzIO
import OpzOCI
import Synchronization

/// What a registry of this kind remembers. It holds a few thousand uploads, then starts over.
package final class QuirkMemory: Sendable {
  private struct State {
    var numbers: [String: UInt64] = [:]
    var texts: [String: String] = [:]
    var counts: [String: Int] = [:]
    var lost: Set<Digest> = []
    var known: Set<Digest> = []
  }

  private let state = Mutex(State())
  private static let room = 10_000

  /// Sets a number and returns the previous one.
  package func replace(_ key: String, _ number: UInt64?) -> UInt64? {
    state.withLock { state in
      if state.numbers.count > QuirkMemory.room { state.numbers = [:] }
      defer { state.numbers[key] = number }
      return state.numbers[key]
    }
  }

  /// The first text stored under this key.
  package func first(_ key: String, _ text: String) -> String {
    state.withLock { state in
      if state.texts.count > QuirkMemory.room { state.texts = [:] }
      if let first = state.texts[key] { return first }
      // An empty range is not a chunk.
      if text != "0-0" { state.texts[key] = text }
      return text
    }
  }

  /// Counts calls for this key: 1 for the first, 2 for the second.
  package func count(_ key: String) -> Int {
    state.withLock { state in
      state.counts[key, default: 0] &+= 1
      return state.counts[key] ?? 0
    }
  }

  var lost: Set<Digest> { state.withLock { $0.lost } }

  /// Records a stored blob; the first `most` blobs are lost, once each.
  func stored(_ digest: Digest, losing most: Int) {
    state.withLock { state in
      if state.lost.remove(digest) != nil { return }
      if state.known.count < most, state.known.insert(digest).inserted { state.lost.insert(digest) }
    }
  }
}
