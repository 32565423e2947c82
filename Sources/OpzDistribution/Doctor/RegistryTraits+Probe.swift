extension RegistryTraits {
  /// Updates the profile with the findings of `opz doctor`, so that the next push need not discover them. What was
  /// not checked stays unchanged.
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
