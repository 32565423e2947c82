/// The seconds from a container's start to its first response, from an annotation or an option.
enum LoadTime {
  static let annotation = "opz.dev/load-seconds"

  static func seconds(_ workload: Workload?, _ options: LintOptions) -> Double? {
    let said = workload?.annotation(annotation).flatMap(Double.init) ?? options.loadSeconds
    guard let said, said.isFinite, said > 0 else { return nil }
    return said
  }
}
