import OpzIO
import OpzInference
import OpzJSON

/// An entry of `/v2/repository/index` (Triton's model repository extension).
struct IndexEntry: Sendable, Equatable {
  enum State: String, Sendable {
    case ready = "READY"
    case unavailable = "UNAVAILABLE"
    case loading = "LOADING"
  }

  let name: String
  let version: String
  let state: State
  /// Why it is not what it should be; empty where there is nothing to say.
  let reason: String
}

extension ModelRepository {
  /// All versions that are loaded or could be, by name and then the newest first.
  /// - Parameter isOpen: whether the server answers requests.
  func index(isOpen: Bool) -> [IndexEntry] {
    let versions = loaded.all
    let keys = Set(versions.map { ModelKey($0) })
    let (state, absent) = state.withLock { state in
      (state, Set(state.known.map(\.key)).union(state.failures.keys).subtracting(keys))
    }
    let served = versions.map { version in
      IndexEntry(
        name: version.model.name, version: version.model.version,
        state: isOpen && version.model.isReady ? .ready : .unavailable,
        reason: ModelRepository.short(state.failures[ModelKey(version)] ?? ""))
    }
    let others = absent.map { key in
      IndexEntry(
        name: key.name, version: key.version, state: state.loading.contains(key.name) ? .loading : .unavailable,
        reason: ModelRepository.short(
          state.failures[key] ?? (state.unloaded.contains(key.name) ? "unloaded" : "not loaded")))
    }
    return (served + others).sorted { one, other in
      one.name == other.name ? VersionOrder(other.version) < VersionOrder(one.version) : one.name < other.name
    }
  }

  /// A reason for everybody: its first line.
  private static func short(_ reason: String) -> String {
    String(reason.prefix { $0 != "\n" }.prefix(500))
  }

  /// Says in the log what became of a model.
  /// - Parameter began: when a load began; nil where its time says nothing.
  func note(_ event: StaticString, _ name: String, began: ContinuousClock.Instant?, error: String? = nil) {
    var json = JSONWriter()
    json.raw("{\"event\":\"")
    json.raw(event)
    json.raw("\",\"model\":")
    json.string(name)
    json.raw(",\"versions\":")
    json.strings(loaded.models[name]?.map(\.model.version) ?? [])
    if let began {
      json.raw(",\"ms\":")
      json.number((ContinuousClock.now - began).nanoseconds / 1_000_000)
    }
    if let error {
      json.raw(",\"error\":")
      json.string(error)
    }
    json.raw("}")
    printError(String(decoding: PrintableText.json(json.bytes), as: UTF8.self))
  }
}
