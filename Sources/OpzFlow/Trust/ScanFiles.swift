import OpzIO
public import OpzTrust
public import SystemPackage

/// `opz scan PATH`: searches files before they are packaged for code that runs when a model is loaded, and for keys and
/// tokens.
public struct ScanFiles: Sendable {
  private let path: FilePath
  private let allowed: [String]

  /// The most files of a directory that are scanned.
  private static let limit = 100_000

  /// - Parameters:
  ///   - path: a file, or a directory with all files below it; links in it are not followed.
  ///   - allowed: Python names that the user accepts.
  public init(_ path: FilePath, allowed: [String] = []) {
    self.path = path
    self.allowed = allowed
  }

  /// Scans the files. Findings are in the report and do not throw.
  /// - Throws: `FlowError` of category `failed` for more than 100,000 files; `IOFailure` for what cannot be read.
  public func run() async throws -> ScanReport {
    try await blocking {
      var scanner = try ImageScanner(allowed: allowed)
      for (name, file) in try files() { scanner.scan(file: name, try FileBlob(file)) }
      return scanner.report
    }
  }

  /// The files with their names in the report, sorted.
  private func files() throws -> [(name: String, path: FilePath)] {
    guard try FileStatus.of(path).kind == .directory else { return [(path.lastComponent?.string ?? "", path)] }
    var found: [(name: String, path: FilePath)] = []
    var waiting = [(name: "", path: path)]
    while let next = waiting.popLast() {
      for entry in try Directory.entries(next.path) {
        let (name, place) = (next.name + entry.string, next.path.appending(entry))
        switch try FileStatus.find(place, followLinks: false)?.kind {
        // A repository's history is no part of the project.
        case .directory?: if entry.string != ".git" { waiting.append((name + "/", place)) }
        case .file?: found.append((name, place))
        default: continue
        }
      }
      guard found.count <= ScanFiles.limit else {
        throw FlowError(
          .failed, path.string, reason: "it has more than \(ScanFiles.limit) files",
          hint: "name the directory of the model")
      }
    }
    return found.sorted { $0.name < $1.name }
  }
}
