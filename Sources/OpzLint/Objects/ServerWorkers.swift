/// How many cores a known Python server can keep busy.
struct ServerWorkers: Sendable {
  let workers: Int
  /// The number of threads in each worker.
  let threads: Int
  let name: String
  /// Whether `OMP_NUM_THREADS` is set, or an annotation states the number of workers.
  let isCertain: Bool

  private static let servers = ["uvicorn", "gunicorn", "hypercorn", "fastapi"]

  init?(_ container: LintContainer, annotation: String?) {
    let environment = container.environment
    let words = container.words
    let omp = environment["OMP_NUM_THREADS"]?.int
    if let said = annotation.flatMap({ Int($0) }), container.role == .main {
      (workers, name, isCertain) = (said, "the server", true)
    } else {
      guard let server = ServerWorkers.servers.first(where: { ServerWorkers.runs($0, words) }) else { return nil }
      name = server
      // Shell expressions are not evaluated.
      guard let found = ServerWorkers.option(words) ?? environment["WEB_CONCURRENCY"]?.text ?? Optional("1"),
        let count = Int(found)
      else { return nil }
      workers = count
      isCertain = omp != nil
    }
    guard (1...10_000).contains(workers), (1...10_000).contains(omp ?? 1) else { return nil }
    threads = omp ?? 1
  }

  var milli: Int64 { Int64(workers * threads) * 1000 }

  var text: String {
    "\(workers) \(workers == 1 ? "worker" : "workers") of \(name)" + (threads > 1 ? " with \(threads) threads" : "")
  }

  /// Whether the words run a server: `uvicorn`, `/usr/bin/uvicorn`, `python -m uvicorn`.
  private static func runs(_ server: String, _ words: [Substring]) -> Bool {
    words.contains { $0 == server || $0.hasSuffix("/" + server) }
  }

  private static func option(_ words: [Substring]) -> String? {
    for (index, word) in words.enumerated() {
      if word == "--workers" || word == "-w", index + 1 < words.count { return String(words[index + 1]) }
      if word.hasPrefix("--workers=") { return String(word.dropFirst("--workers=".count)) }
      if word.hasPrefix("-w"), word.count > 2, word.dropFirst(2).allSatisfy(\.isNumber) {
        return String(word.dropFirst(2))
      }
    }
    return nil
  }
}
