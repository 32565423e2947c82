/// Resources of device plugins. They are whole numbers, and the request must equal the limit.
enum GPU {
  static func isOne(_ resource: String) -> Bool {
    resource == "nvidia.com/gpu" || resource == "amd.com/gpu" || resource == "gpu.intel.com/i915"
      || resource == "habana.ai/gaudi" || resource == "google.com/tpu" || resource == "aws.amazon.com/neuron"
      || resource.hasPrefix("nvidia.com/mig-")
  }

  static func resources(of container: LintContainer) -> [String] {
    let named = ["limits", "requests"].flatMap { container.node["resources", $0]?.members ?? [] }.map(\.key)
    return Set(named.filter(isOne)).sorted()
  }
}
