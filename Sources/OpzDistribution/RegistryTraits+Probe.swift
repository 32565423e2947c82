extension RegistryTraits {
  /// Takes over what `opz doctor` found, so that the next push need not run into it. What it did not look at stays as it was.
  mutating func take(_ probe: RegistryProbe) {
    if probe.chunks == false || probe.chunkRefused != nil {
      way = .whole
    } else if probe.chunks == true, way == .whole {
      way = nil
    }
    if let minimum = probe.chunkMinimum, minimum <= RegistryTraits.largestMinimum { chunkMinimum = minimum }
    if let taken = probe.largestTaken, let refused = probe.smallestRefused, taken < refused,
      taken >= RegistryTraits.smallestRequest
    {
      requestMaximum = taken
    }
    mounts = probe.mounts ?? mounts
    referrers = probe.referrers ?? referrers
  }
}
