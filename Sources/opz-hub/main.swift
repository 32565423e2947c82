import OpzHub
import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

exit(await HubCommand().run(arguments: ProcessArguments.all()))
