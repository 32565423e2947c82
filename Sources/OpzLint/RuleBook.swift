/// All rules, by their codes.
public enum RuleBook {
  static let rules: [any Rule] =
    scaling + serverless + lifecycle + availability + images + resources + security + wiring

  private static let scaling: [any Rule] = [
    DeadCPUTarget(), TooFewWorkers(), MemoryTargetBelowBaseline(), DeadMemoryTarget(), UtilizationWithoutRequests(),
    ReplicasWithAutoscaler(), MaximumBelowMinimum(), NoRoomToScale(), MaximumBelowNeed(), NoScaleTarget(),
    TwoAutoscalers(), VerticalWithHorizontal(), EmptyBehavior(), SlowScaleDown(), MinimumOfZero(), NoScaleUp(),
  ]
  private static let serverless: [any Rule] = [
    InferenceServiceNeverScales(), CanaryIgnored(), KnativeBounds(), KnativeAnnotationPlace(), KnativeConcurrency(),
    KnativeClass(), KEDAZeroOnResources(), KEDAActivation(), KEDAIdle(),
  ]
  private static let lifecycle: [any Rule] = [
    StartupBudget(), LivenessDuringLoad(), NoStartupProbe(), NoReadinessProbe(), ShortGracePeriod(), ProgressDeadline(),
    ProbeTimeout(), RollingSurge(), RollingUpdateRemovesAll(),
  ]
  private static let availability: [any Rule] = [BlockedDrain(), BudgetOfSingleReplica(), BudgetSelectsNothing()]
  private static let images: [any Rule] = [MovingTag(), ImageNotPinned(), StaleTag()]
  private static let resources: [any Rule] = [
    NoMemoryBounds(), RequestAboveLimit(), BadQuantity(), GPULimits(), GPUToleration(), QuotaTooSmall(), NoCPURequest(),
    ThreadsAboveLimit(),
  ]
  private static let security: [any Rule] = [
    RunsAsRoot(), PrivilegeEscalation(), CapabilitiesNotDropped(), NoSeccomp(), HostAccess(), Privileged(),
    WritableRoot(),
    SecretInEnvironment(),
  ]
  private static let wiring: [any Rule] = [
    SelectorMismatch(), ServiceSelectsNothing(), NoSuchPort(), NoDNS(), NoNetworkPolicy(), NoSuchConfig(),
    DuplicateObject(),
    DuplicateVariable(), RemovedAPI(), NonStringValue(), NoSuchVolume(),
  ]

  /// The descriptions of all codes, those about reading and allowances first.
  public static let all: [RuleAbout] =
    [UnreadableText.about, HelmTemplateFile.about] + AllowanceRules.all + rules.map(\.about)

  /// Returns the description of a code, ignoring case.
  public static func about(_ code: String) -> RuleAbout? { all.first { $0.code == code.uppercased() } }
}
