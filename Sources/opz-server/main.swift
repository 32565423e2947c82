import OpzServe

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

let command = ServerCommand()
exit(await command.run(arguments: Array(CommandLine.arguments.dropFirst()), environment: processEnvironment()))
