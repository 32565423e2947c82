/// Keys that are printed in manuals and built into emulators, and protect nothing. Only their hashes are here, so that
/// secret scanners do not find them in this file.
enum PublishedKeys {
  /// - Parameter value: with its prefix or without.
  static func contains(_ value: ArraySlice<UInt8>) -> Bool {
    if hashes.contains(hash(value)) { return true }
    if value.starts(with: "AIza".utf8) { return hashes.contains(hash(value.dropFirst(4))) }
    guard let last = value.lastIndex(where: { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ":") }) else {
      return false
    }
    return hashes.contains(hash(value[(last + 1)...]))
  }

  /// FNV-1a, 64 bits (Fowler, Noll and Vo).
  static func hash(_ value: ArraySlice<UInt8>) -> UInt64 {
    value.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private static let hashes: Set<UInt64> = [
    0xd926_4917_1c08_21c4,  // Stripe's API reference
    0xe313_befa_9cdf_6264,  // Stripe's API reference
    0x29ac_b901_fe09_f797,  // Stripe's manuals
    0x5648_078b_fa76_00c1,  // Stripe's manuals
    0x3f9d_1c99_6e62_0b67,  // the storage emulator of Azure
    0x9f19_20c6_cd48_4714,  // the database emulator of Azure
    0x1cb5_13e6_80c2_5c19,  // Google's manuals
    0xc7b7_c608_6cc5_55c6,  // GitHub's manuals
    0x56b7_4e48_1a55_ffcc,  // GitHub's announcement of the checksum
    0xbf0a_2628_ec81_cd01,  // the signature of jwt.io's example
    0x5884_04f9_5ee9_0ce0,  // the signature of jwt.io's older example
    0x1e26_4504_078b_6e07,  // Telegram's manuals
    0x0f70_8dfb_e781_01e3,  // Kubernetes' manuals
    0x770c_4492_0778_89f2,  // Kubernetes' manuals
    0xe7d6_ca86_aee3_1642,  // Firebase's examples and tests
    0xcf98_c636_fbb5_24cd,  // Firebase's examples and tests
    0xb502_9951_4d41_22a8,  // Firebase's examples and tests
    0xd255_566a_119c_02fe,  // Firebase's examples and tests
    0xc8ca_5897_fb99_50db,  // Firebase's examples and tests
    0xc872_0e1c_289b_7263,  // Firebase's examples and tests
    0x2602_7779_6c66_2b22,  // Firebase's examples and tests
    0x4375_af8c_d29f_9c7d,  // Firebase's examples and tests
    0xd790_5667_7d8f_8625,  // Firebase's examples and tests
    0xfe80_bdc6_b410_f57d,  // Firebase's examples and tests
    0xd5e3_86d4_bd36_d1d8,  // Firebase's examples and tests
    0x2e7d_b3af_3eea_1f09,  // Firebase's examples and tests
    0x3525_9273_29a3_9927,  // Firebase's examples and tests
    0x90e9_6160_e25d_d580,  // Firebase's examples and tests
    0x96a4_ce96_90ad_5a5a,  // Firebase's examples and tests
    0x04fc_8f94_ff41_ae6c,  // Firebase's examples and tests
    0xb973_692c_4efe_08f4,  // Chromium's packages
  ]
}
