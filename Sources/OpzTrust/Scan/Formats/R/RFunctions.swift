/// R functions that reach beyond the model.
enum RFunctions {
  /// Functions that run programs, text as code, or libraries, and those that write or delete. They count as a call, as
  /// a name that is passed on, and as a string in code.
  static let dangerous: Set<String> = [
    "system", "system2", "shell", "shell.exec", "pipe", "fifo", "socketConnection", "serverSocket", "socketAccept",
    "url",
    "download.file", "unlink", "file.remove", "file.rename", "source", "sys.source", "parse", "str2lang",
    "str2expression",
    "dyn.load", "library.dynam", "install.packages", "Sys.setenv", "Sys.chmod", "setwd", "unserialize", "readRDS",
    ".External",
    ".External2", ".External.graphics", ".C", ".Fortran", ".Internal", ".Primitive", "quit", "addTaskCallback",
    "makeActiveBinding",
    "delayedAssign", "reg.finalizer", "sink", "pskill", "py_run_string", "py_run_file", "source_python", "sourceCpp",
    "cppFunction",
    "lazyLoad", "lazyLoadDBfetch", "loadNamespace", "attachNamespace", "registerS3method", "setMethod", "trace",
    "evalCpp",
    "install_github", "run_cmd", "fread",
  ]

  /// Functions that look up functions by name, and those that read or write files. They count in code only, and only as
  /// a call.
  static let dangerousWhenCalled: Set<String> = [
    "do.call", "match.fun", "get", "get0", "getFunction", "getFromNamespace", "getAnywhere", "getExportedValue",
    "getNamespace", "asNamespace", "as.name", "as.symbol", "call", "as.call", "evalq", "eval.parent", "assign",
    "attach",
    "library", "require", "requireNamespace", "file", "gzfile", "bzfile", "xzfile", "unz", "gzcon", "load", "save",
    "saveRDS",
    "save.image", "readLines", "writeLines", "scan", "read.table", "read.csv", "read.dcf", "write", "write.table",
    "write.csv",
    "writeBin", "writeChar", "readBin", "readChar", "file.copy", "file.create", "file.append", "file.symlink",
    "file.link",
    "dir.create", "as.function", "dump", "dput", "q", "unlockBinding", "lockBinding", "sys.function", "environment<-",
    "body<-", "formals<-", "Sys.setFileTime", "Sys.umask", "assignInNamespace", "makeCluster", "mcparallel",
    "untrace", "browser", "debug", "dget", "open", "socketSelect", "nsl", "bindtextdomain",
  ]

  /// Bindings that R itself calls.
  static let hooks: Set<String> = [
    ".First", ".Last", ".onLoad", ".onAttach", ".onUnload", ".First.lib", ".Last.lib", ".First.sys", ".onDetach",
  ]

  /// Packages whose functions are judged by their names: R's own, and those that come with R.
  static let packages: Set<String> = [
    "base", "stats", "utils", "methods", "graphics", "grDevices", "datasets", "MASS", "Matrix", "boot", "class",
    "cluster",
    "lattice", "mgcv", "nlme", "nnet", "rpart", "spatial", "survival", "KernSmooth",
  ]

  /// Packages that an object may load when it is read.
  static let bundledNamespaces: Set<String> = packages.union([
    "tools", "parallel", "splines", "stats4", "compiler", "grid",
  ])

  static let alternatives: Set<String> = [
    "compact_intseq", "compact_realseq", "deferred_string", "wrap_integer", "wrap_real", "wrap_logical", "wrap_string",
    "wrap_complex", "wrap_raw", "wrap_list",
  ]
}
