import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import SystemPackage

/// What a shell completes: names of models, versions and aliases of the registry, and files where a command takes them.
///
/// A registry that is not there or cannot be read completes nothing; a completion never prints an error.
enum RegistryNames {
  /// The most versions that are offered of a model, the newest first.
  private static let most = 50

  /// `NAME`, then `NAME@VERSION` and `NAME@ALIAS`.
  static let references = CompletionKind.custom { words, _, prefix in references(prefix, words) }
  /// The same, and paths.
  static let referencesOrFiles = CompletionKind.custom { words, _, prefix in
    references(prefix, words) + paths(prefix)
  }
  /// `NAME`.
  static let models = CompletionKind.custom { words, _, _ in models(registry(words)) }
  /// The aliases of the model that the command line names.
  static let aliases = CompletionKind.custom { words, _, _ in
    words.dropFirst().lazy.compactMap { state(of: $0, words) }.first.map(aliases) ?? []
  }
  /// The versions of the model that the command line names.
  static let versions = CompletionKind.custom { words, _, _ in
    words.dropFirst().lazy.compactMap { state(of: $0, words) }.first.map(versions) ?? []
  }

  private static func registry(_ words: [String]) -> Registry? {
    var named: String?
    for (word, next) in zip(words, words.dropFirst() + [""]) {
      if word == "--registry" { named = next }
      if word.hasPrefix("--registry=") { named = String(word.dropFirst("--registry=".count)) }
    }
    return try? GlobalOptions.quietSession(registry: named).openRegistry()
  }

  private static func references(_ prefix: String, _ words: [String]) -> [String] {
    guard let registry = registry(words) else { return [] }
    guard let at = prefix.firstIndex(of: "@") else { return models(registry) }
    let name = String(prefix[..<at])
    guard let model = try? ModelName(name), let state = try? registry.state(model) else { return [] }
    return (aliases(state) + versions(state)).map { "\(name)@\($0)" }
  }

  private static func models(_ registry: Registry?) -> [String] {
    ((try? registry?.models()) ?? []).map(\.description)
  }

  private static func state(of word: String, _ words: [String]) -> ModelState? {
    let name = word.prefix { $0 != "@" }
    guard let model = try? ModelName(String(name)), let registry = registry(words),
      let state = try? registry.state(model), !state.versions.isEmpty
    else { return nil }
    return state
  }

  private static func aliases(_ state: ModelState) -> [String] {
    state.moves.keys.filter { state.target($0) != nil }.sorted().map(\.description)
  }

  private static func versions(_ state: ModelState) -> [String] {
    state.live.reversed().prefix(most).map(\.version.description)
  }

  /// The names in the directory that the prefix leads to; directories end with `/`.
  private static func paths(_ prefix: String) -> [String] {
    let end = prefix.lastIndex(of: "/").map { prefix.index(after: $0) } ?? prefix.startIndex
    let (directory, start) = (String(prefix[..<end]), prefix[end...])
    let place = GlobalOptions.quietSession(registry: nil).path(directory.isEmpty ? "." : directory)
    let names = ((try? Directory.entries(place)) ?? []).filter {
      $0.string.hasPrefix(start) && ($0.string.hasPrefix(".") == start.hasPrefix("."))
    }
    return names.prefix(500).map { name in
      let kind = ((try? FileStatus.find(place.appending(name))) ?? nil)?.kind
      return directory + name.string + (kind == .directory ? "/" : "")
    }
  }
}
