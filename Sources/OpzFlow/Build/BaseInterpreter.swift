import OpzIO
import OpzOCI
import OpzPython
import SystemPackage

/// Whether the Python of a base can be run on this machine, which is remembered by the digest of the base's image.
struct BaseInterpreter: Sendable {
  let survey: BaseSurvey
  let platform: Platform

  /// The most bytes of layers that are fetched only to run the Python in them.
  private static let largestFetch: UInt64 = 1 << 30

  /// What an earlier run has found.
  enum Memory: Equatable {
    case works
    /// It did not start, for this reason.
    case fails(String)
  }

  /// Bytes of the layers that would have to be fetched.
  func missingBytes() throws -> UInt64 {
    guard survey.origin != nil else { return 0 }
    return try survey.image.layers.reduce(0) { sum, layer in
      try survey.registry.store.has(layer.descriptor) ? sum : sum &+ layer.descriptor.size
    }
  }

  /// Why it is not worth a try; nil if it is. It blocks.
  func obstacle(_ version: String) throws -> String? {
    guard platform.isSameProcessor(as: .host) else { return "it is for \(platform)" }
    if case .fails(let reason) = memory(version) { return reason }
    let bytes = try missingBytes()
    guard bytes <= BaseInterpreter.largestFetch else { return "it would fetch \(ByteCount.text(bytes))" }
    return try ImageRoot.obstacle(.nothing, survey.session)
  }

  /// Unpacks and starts it.
  /// - Throws: `PythonError` if it does not start, and the errors of reading the base.
  func python(_ version: String) async throws -> BasePython {
    do {
      let python = try await BasePython.unpack(survey, version: version)
      try await blocking { try remember("works", version) }
      return python
    } catch let error as PythonError {
      try await blocking { try remember("fails\n\(error.reason)", version) }
      throw error
    }
  }

  private func file(_ version: String) -> FilePath {
    survey.registry.cacheDirectory.appending("bytecode").appending(
      "base-\(survey.image.manifest.descriptor.digest.hex)-\(version)")
  }

  func memory(_ version: String) -> Memory? {
    guard let bytes = try? SmallFile.read(file(version), limit: 1 << 14) else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", maxSplits: 1).map(String.init)
    switch lines.first {
    case "works": return .works
    case "fails": return .fails(lines.count > 1 ? lines[1] : "it does not start")
    default: return nil
    }
  }

  private func remember(_ text: String, _ version: String) throws {
    let file = file(version)
    try Durable.makeDirectory(file.removingLastComponent())
    try Durable.replaceWithoutSync(file, with: Array(text.utf8))
  }
}
