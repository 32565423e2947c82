import OpzFormats
import OpzIO
import OpzServe
import OpzWorkers

// What large requests took is given back, so that a pod's memory holds the next ones.
HeapLimits.apply()
// Workers that are forked from one that has loaded the model are this process's children too.
WorkerChildren.adoptOrphans()
let command = ServerCommand(formats: .standard)
MainThread.run { await command.run(arguments: ProcessArguments.all(), environment: ProcessEnvironment.all()) }
