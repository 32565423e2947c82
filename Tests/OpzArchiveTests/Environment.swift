#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

var isRoot: Bool { geteuid() == 0 }
