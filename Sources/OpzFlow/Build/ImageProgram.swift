import OpzIO
import OpzOCI
import OpzPackage
import OpzProject
import SystemPackage

/// The program that an image starts: the command of opz.yaml, or that of the base.
struct ImageProgram: Sendable {
  let project: LoadedProject

  private var kind: RuntimeSection.Kind { project.config.runtime.kind }

  /// Refuses an image that starts nothing, before it is a version.
  /// - Throws: `FlowError` of category `failed`, which names the key to write.
  func require(in bases: BaseImages) throws {
    guard kind == .custom, project.config.runtime.command.isEmpty else { return }
    try bases.requireCommand()
  }

  /// Says that a program is missing, where the names of the image's files tell. What a pod mounts is not known here, so
  /// it is no error.
  /// - Parameters:
  ///   - files: the project's own, in their places on this base.
  ///   - hasWheels: whether there are packages, whose programs are known only when they are installed.
  func note(_ files: [SourceFile], hasWheels: Bool, on base: ImagePlan.Base, _ placement: BasePlacement) -> String? {
    guard kind != .native, kind != .model else { return nil }
    var settings = project.settings
    settings.initProgram = nil
    let execution = settings.applied(to: base.image.config.config)
    let own = Set(files.filter { $0.kind != .directory }.map(\.destination))
    func has(_ path: String) -> Bool {
      let plain = FilePath(String(path.drop { $0 == "/" })).lexicallyNormalized()
      return own.contains(plain) || placement.hasFile(plain) || placement.resolved(plain).map(own.contains) ?? false
        || hasWheels && plain.starts(with: PythonProject.prefix)
    }
    let path = (execution.env ?? []).last { $0.hasPrefix("PATH=") }?.dropFirst(5)
    let directories = (path ?? RuntimeSettings.defaultPath[...]).split(separator: ":")
    for program in programs(execution) {
      let isThere =
        program.hasPrefix("/")
        ? has(program)
        : program.contains("/")
          ? has("\(execution.workingDir ?? "/")/\(program)")
          : hasWheels || directories.contains { has("\($0)/\(program)") }
      guard !isThere else { continue }
      let place = program.contains("/") ? "" : " in a directory of PATH"
      return
        "warning: \(program), which the image runs, is neither in \(project.config.base ?? "the base") nor among the project's files\(place): a container would not start"
    }
    return nil
  }

  private func programs(_ execution: ImageConfig.Execution) -> [String] {
    guard project.config.runtime.hasWorkers else {
      return Array(((execution.entrypoint ?? []) + (execution.cmd ?? [])).prefix(1))
    }
    // The Python of the base was looked for when it was locked.
    return kind == .r ? ["/usr/bin/env", "Rscript"] : ["/usr/bin/env"]
  }
}

extension BaseImages {
  /// - Throws: `FlowError` of category `failed`, which names the key to write, for a base that starts nothing.
  func requireCommand() throws {
    for base in bases {
      let own = base.image.config.config
      guard (own?.entrypoint ?? []).isEmpty, (own?.cmd ?? []).isEmpty else { continue }
      throw FlowError(
        .failed, "runtime.command",
        reason: "neither opz.yaml nor \(name ?? "scratch") has a command, so a container would have nothing to run",
        hint:
          "write command: [PROGRAM, ARGUMENT] below runtime in opz.yaml, or kind: model for an image without a program")
    }
  }
}
