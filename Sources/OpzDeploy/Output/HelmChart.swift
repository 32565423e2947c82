import OpzJSON
import OpzOCI
import OpzYAML

/// A Helm chart that renders to the plain output with its default values: `helm install NAME DIR`.
struct HelmChart: Sendable {
  /// Chart.yaml, values.yaml, values.schema.json, and a template for each object.
  let files: [Manifests.File]

  /// Generates a chart from the manifests of a plan.
  /// - Throws: `KubernetesError` with the code `badName` for names that Kubernetes does not accept.
  init(_ plan: DeploymentPlan, _ manifests: Manifests) throws {
    var values = ChartValues()
    let names = try PlanNames(plan)
    var templates: [Manifests.File?] = manifests.objects.map { _ in nil }
    // An autoscaler's replica numbers are used before those of a Deployment, which has none when it is scaled.
    let scalers = manifests.objects.indices.filter {
      manifests.objects[$0].kind == plan.target.autoscaler?.kind
        || manifests.objects[$0].kind == "VerticalPodAutoscaler"
    }
    let others = manifests.objects.indices.filter { !scalers.contains($0) }
    for index in scalers + others {
      let object = manifests.objects[index]
      let root = HelmChart.root(object, plan, names: names, manifests: manifests)
      let template = ChartTemplate(object, of: plan.target, root: root, &values)
      templates[index] = Manifests.File("templates/" + object.file.name, template.text)
    }
    let schema = String(decoding: try CanonicalJSON.encodePretty(values.schema), as: UTF8.self)
    files =
      [
        Manifests.File("Chart.yaml", YAMLWriter.write(HelmChart.chart(plan, names))),
        Manifests.File("values.yaml", YAMLWriter.write(values.yaml)),
        Manifests.File("values.schema.json", schema),
        Manifests.File("templates/_helpers.tpl", helpers),
      ] + templates.compactMap { $0 }
  }

  /// The section of the values that belongs to an object where two versions run side by side.
  private static func root(
    _ object: Manifests.Object, _ plan: DeploymentPlan, names: PlanNames, manifests: Manifests
  ) -> String {
    let services = manifests.objects.filter { $0.kind == "Service" }
    guard plan.runsSideBySide, services.count == 2 else { return "" }
    let side = object.value["metadata"]?["labels"]?["app.kubernetes.io/instance"]?.text
    return side == names.name ? "candidate." : "stable."
  }

  private static func chart(_ plan: DeploymentPlan, _ names: PlanNames) -> YAMLValue {
    .map(
      .init("apiVersion", .text("v2")), .init("name", .text(names.shared)),
      .init("description", .text("The model \(plan.model), version \(plan.version).")),
      .init("type", .text("application")), .init("version", .text(plan.version)),
      .init("appVersion", .text(plan.version)), .init("kubeVersion", .text(">=1.27.0-0")))
  }
}

extension DeployForm {
  /// A Helm chart.
  public static let helm = DeployForm(
    rawValue: "helm", isPlain: false, readDirectory: "templates",
    files: { plan, _, manifests in try HelmChart(plan, manifests).files },
    applyCommand: { directory, _ in "helm upgrade --install NAME \(directory)" })
}

/// Hashes the same bytes as `PlanNames.name(of:)`: a template iterates over a mapping in key order.
private let helpers = """
  {{/* Eight digits of the hash of a mapping of texts. */}}
  {{- define "opz.hash" -}}
  {{- $text := "" -}}
  {{- range $name, $value := . -}}
  {{- $text = printf "%s%s=%s\\n" $text $name $value -}}
  {{- end -}}
  {{- sha256sum $text | trunc 8 -}}
  {{- end -}}

  """
