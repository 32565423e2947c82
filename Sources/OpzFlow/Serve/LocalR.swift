import OpzDebian
import OpzIO

/// The R of this machine, which `opz serve` runs a project's worker with.
struct LocalR: Sendable {
  let session: Session

  /// Says which packages R does not find, with the command that installs them. It blocks; without an R, nothing is said
  /// here, because the worker's start says it.
  /// - Parameter wanted: R's or Debian's names.
  func noteMissing(_ wanted: [String]) throws {
    // Debian's names have no capitals, so R's are compared without them.
    let names = wanted.map { name in
      let debian = name.split(separator: "-", maxSplits: 2)
      return (PackageName.isDebianR(name) && debian.count == 3 ? String(debian[2]) : name).lowercased()
    }
    let program = "cat(tolower(.packages(all.available = TRUE)), sep = \"\\n\")"
    guard
      let said = try? ChildProcess.run(
        ["Rscript", "--vanilla", "-e", program], environment: session.environmentList, limit: 16 << 20),
      said.status == 0
    else { return }
    let found = Set(said.text.split(separator: "\n").map(String.init))
    let missing = zip(wanted, names).filter { !found.contains($0.1) }
    guard !missing.isEmpty else { return }
    let packages = missing.map { wanted, name in PackageName.isR(wanted) ? "r-cran-\(name)" : wanted }
    session.progress.report(
      .note(
        "warning: R on this machine does not find \(missing.map(\.0).joined(separator: ", ")): apt-get install \(packages.joined(separator: " "))"
      ))
  }
}
