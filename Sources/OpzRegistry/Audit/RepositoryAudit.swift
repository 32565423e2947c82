import OpzIO
import OpzOCI
import OpzStore

extension Registry {
  /// Checks that tags name manifests of their repositories, and that the blobs that manifests name are here.
  func checkRepositories(_ rotten: Set<Digest>, _ report: inout FsckReport) {
    do {
      for name in try repositories() { try check(repository(name), rotten, report: &report) }
    } catch {
      report.add("repositories", error)
    }
  }

  private func check(_ repository: Repository, _ rotten: Set<Digest>, report: inout FsckReport) throws {
    let place = "repositories/\(repository.name)"
    let manifests = try repository.manifests()
    let known = Set(manifests.map(\.digest))
    for tag in try repository.tags() {
      guard let descriptor = try repository.resolve(tag), !known.contains(descriptor.digest),
        // It may have been pushed after the manifests were listed.
        try repository.manifest(descriptor.digest) == nil
      else { continue }
      report.add(
        "\(place):\(tag)", "it names \(descriptor.digest), which the repository does not have", hint: "push it again")
    }
    for descriptor in manifests where !rotten.contains(descriptor.digest) {
      try check(descriptor, place, report: &report)
    }
  }

  private func check(_ descriptor: Descriptor, _ place: String, report: inout FsckReport) throws {
    let subject = "\(place)@\(descriptor.digest)"
    do {
      let document = try PushedDocument(store.content(descriptor), descriptor.mediaType, subject: subject)
      for needed in document.needs where try !store.has(needed) {
        report.add(subject, "\(needed.digest) is missing", hint: "push it again")
      }
      if let config = document.config { try check(config: config) }
    } catch {
      report.add(subject, error)
    }
  }
}
