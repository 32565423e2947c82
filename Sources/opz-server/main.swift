import OpzFormats
import OpzIO
import OpzServe

// What large requests took is given back, so that a pod's memory holds the next ones.
HeapLimits.apply()
let command = ServerCommand(formats: .standard)
MainThread.run { await command.run(arguments: ProcessArguments.all(), environment: ProcessEnvironment.all()) }
