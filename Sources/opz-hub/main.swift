import OpzHub
import OpzIO

let command = HubCommand()
MainThread.run { await command.run(arguments: ProcessArguments.all()) }
