import OpzCLI

await Opz.run()
