import OpzHub

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

exit(await HubCommand().run(arguments: Array(CommandLine.arguments.dropFirst())))
