public import ArgumentParser
import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The command `opz`.
public struct Opz: AsyncParsableCommand {
  /// The version of this program.
  public static let version = "0.1.0"

  public static let configuration = CommandConfiguration(
    commandName: "opz",
    abstract: "Takes a machine-learning model from a laptop to production.",
    discussion: """
      A model, its runtime and its configuration become an OCI image; a registry of plain files records each version and \
      where it came from; images are pushed to container registries, and Kubernetes manifests are written for them.

      opz init DIR                 a commented opz.yaml for the model in DIR
      opz package DIR              the image, recorded as a version
      opz push churn@1.0.0 HOST/crm/churn:1.0.0
      opz deploy churn@1.0.0 --image HOST/crm/churn
      opz --version                the version of this program

      Exit codes: 0 done, 1 failed, 2 not found, 3 conflict, 4 verification failed, 5 refused by a policy, 6 network or \
      authorization, 64 wrong usage, 130 interrupted.
      """,
    groupedSubcommands: [
      CommandGroup(
        name: "Build",
        subcommands: [
          InitCommand.self, InspectCommand.self, PlanCommand.self, LockCommand.self, PackageCommand.self,
          RebaseCommand.self, DockerfileCommand.self, TestCommand.self, RuntimeCommand.self,
        ]),
      CommandGroup(
        name: "Registry",
        subcommands: [
          ListCommand.self, ShowCommand.self, HistoryCommand.self, AliasCommand.self, PromoteCommand.self,
          ApproveCommand.self, RollbackCommand.self, TagCommand.self, DeleteCommand.self, GCCommand.self,
          FsckCommand.self, CacheCommand.self, ExportCommand.self, ImportCommand.self, RegistryCommand.self,
        ]),
      CommandGroup(
        name: "Trust",
        subcommands: [
          SignCommand.self, VerifyCommand.self, AttestCommand.self, SBOMCommand.self, ScanCommand.self,
        ]),
      CommandGroup(
        name: "Distribute",
        subcommands: [
          PushCommand.self, PullCommand.self, CopyCommand.self, LoginCommand.self, LogoutCommand.self,
          DoctorCommand.self,
        ]),
      CommandGroup(
        name: "Run",
        subcommands: [
          DeployCommand.self, LintCommand.self, ResolveCommand.self, ServeCommand.self, RequestCommand.self,
          ScoreCommand.self, SQLCommand.self,
        ]),
      CommandGroup(name: "Program", subcommands: [VersionCommand.self]),
    ])

  /// Creates the command with its defaults; ArgumentParser requires this initializer and fills in the parsed values.
  public init() {}

  /// Parses the arguments, runs the command, and exits with the matching exit code.
  public static func run() async -> Never {
    signal(SIGPIPE, SIG_IGN)
    HeapLimits.apply()
    do {
      let arguments = ProcessArguments.all()
      // Not ArgumentParser's version flag, which every command would have too, beside opz package --version 1.1.0.
      if arguments == ["--version"] {
        Console.document("opz \(version)\n")
        Glibc.exit(Console.finish(0))
      }
      try MisspelledCommand.check(arguments, in: Opz.configuration)
      var command = try parseAsRoot(LockCommand.expandingUpdateOptions(arguments))
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Glibc.exit(Console.finish(0))
    } catch {
      let code = report(error)
      GlobalOptions.writeReport(error, exit: code, ProcessArguments.all())
      Glibc.exit(Console.finish(code))
    }
  }

  /// Reports an error on standard error and returns its exit code.
  static func report(_ error: any Error) -> Int32 {
    // The reader of standard output has exited (`opz score .. | head`), which is not an error.
    if let failure = error as? IOFailure, StandardOutput.isClosed(failure) { return 0 }
    if let explained = error as? any ExplainedError {
      Console.note("error: \(explained)")
      return ExitStatus.code(explained.category)
    }
    if let code = error as? ExitCode { return code.rawValue }
    if error is CancellationError {
      Console.note("error: interrupted")
      return ExitStatus.interrupted
    }
    let code = exitCode(for: error).rawValue
    let text = fullMessage(for: error)
    if code == 0 { Console.document(bashWords(text) + "\n") } else { Console.note(lowercased(text)) }
    return code
  }

  /// Bash completes what is behind an @ as a word of its own, unless it is told not to: the script says so, as npm's
  /// does. Setting hostcomplete again would undo that. Other texts stay as they are.
  private static func bashWords(_ text: String) -> String {
    guard text.contains("complete -o filenames -F _opz opz") else { return text }
    let kept = text.replacing("$(shopt -p;shopt -po)", with: "$(shopt -p | grep -v hostcomplete;shopt -po)")
    return kept + "\n\n# NAME@VERSION is one word.\nCOMP_WORDBREAKS=${COMP_WORDBREAKS//@/}"
  }

  /// ArgumentParser's messages begin with "Error: ", but opz's begin with "error: ".
  private static func lowercased(_ text: String) -> String {
    text.hasPrefix("Error: ") ? "error: " + text.dropFirst(7) : text
  }
}
