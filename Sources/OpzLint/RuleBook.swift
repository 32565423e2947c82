/// All rules, by their codes.
public enum RuleBook {
  static let rules: [any Rule] =
    scaling + serverless + lifecycle + availability + images + resources + security + wiring

  private static let scaling: [any Rule] = [
    DeadCPUTarget(), OneWorker(), RatchetingMemory(), DeadMemoryTarget(), UtilizationWithoutRequests(),
    ReplicasBesideAutoscaler(), MaximumBelowMinimum(), NoRoomToScale(), MaximumBelowNeed(), NoScaleTarget(),
    TwoAutoscalers(), VerticalBesideHorizontal(), EmptyBehavior(), SlowScaleDown(), MinimumOfZero(), NoScaleUp(),
  ]
  private static let serverless: [any Rule] = [
    InferenceServiceNeverScales(), CanaryIgnored(), KnativeBounds(), KnativeAnnotationPlace(), KnativeConcurrency(),
    KnativeClass(), KEDAZeroOnResources(), KEDAActivation(), KEDAIdle(),
  ]
  private static let lifecycle: [any Rule] = [
    StartupBudget(), LivenessDuringLoad(), NoStartupProbe(), NoReadinessProbe(), ShortGracePeriod(), ProgressDeadline(),
    ProbeTimeout(), RollingSurge(), RollingTakesAll(),
  ]
  private static let availability: [any Rule] = [BlockedDrain(), BudgetOfOne(), BudgetOfNothing()]
  private static let images: [any Rule] = [MovingTag(), ImageNotPinned(), StaleTag()]
  private static let resources: [any Rule] = [
    NoMemoryBounds(), RequestAboveLimit(), BadQuantity(), GPULimits(), GPUToleration(), QuotaTooSmall(), NoCPURequest(),
    ThreadsAboveLimit(),
  ]
  private static let security: [any Rule] = [
    RunsAsRoot(), PrivilegeEscalation(), KeptCapabilities(), NoSeccomp(), HostAccess(), Privileged(), WritableRoot(),
    SecretInEnvironment(),
  ]
  private static let wiring: [any Rule] = [
    SelectorMismatch(), ServiceOfNothing(), NoSuchPort(), NoDNS(), NoNetworkPolicy(), NoSuchConfig(), DuplicateObject(),
    DuplicateVariable(), RemovedAPI(), NotText(), NoSuchVolume(),
  ]

  /// The descriptions of all codes, those about reading and allowances first.
  public static let all: [RuleAbout] =
    [UnreadableText.about, HelmTemplateFile.about] + AllowanceRules.all + rules.map(\.about)

  /// Returns the description of a code, ignoring case.
  public static func about(_ code: String) -> RuleAbout? { all.first { $0.code == code.uppercased() } }
}
