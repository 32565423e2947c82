import OpzIO
import OpzServe

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// What large requests took is given back, so that a pod's memory holds the next ones.
HeapLimits.apply()
let command = ServerCommand()
exit(await command.run(arguments: ProcessArguments.all(), environment: processEnvironment()))
