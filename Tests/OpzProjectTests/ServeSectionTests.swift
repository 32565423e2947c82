import OpzPackage
import OpzYAML
import Testing

@testable import OpzProject

@Suite("The sections serve and test")
struct ServeSectionTests {
  static let minimal = ConfigReaderTests.minimal + "runtime: {kind: python}\n"

  @Test("everything that they may have is read")
  func read() throws {
    let config = try ConfigReader.read(
      Self.minimal + """
        serve:
          loader: sklearn-joblib
          workers: {count: 2, memory: 1Gi, startSeconds: 300, requestSeconds: 30, fork: false}
          batch: {rows: 64, waitMilliseconds: 0}
          limits: {requests: 100, body: 32Mi}
        test: {tolerance: {absolute: 1e-9, relative: 0.001}, wait: 300}

        """)
    #expect(
      config.serve
        == ServeSection(
          loader: .scikitLearnJoblib,
          workers: .init(count: 2, memory: 1024, startSeconds: 300, requestSeconds: 30, forks: false),
          batch: .init(rows: 64, waitMilliseconds: 0), limits: .init(requests: 100, body: 32)))
    #expect(config.test == TestSection(tolerance: .init(absolute: 1e-9, relative: 0.001), wait: 300))
    #expect(config.base == "docker.io/library/python:3.12-slim")
    #expect(try ConfigReader.read(Self.minimal).serve == nil)
  }

  @Test(
    "a section without effect, and values out of range, are refused by key",
    arguments: [
      ("runtime: {kind: native}\nserve: {batch: {rows: 1}}\n", "serve: a native runtime has no workers"),
      ("runtime: {kind: native}\nserve: {contract: {}, batch: {rows: 1}}\n", "keep serve.contract alone"),
      (
        "runtime: {kind: custom, base: scratch, command: [a]}\nserve: {contract: {}}\n",
        "serve: a runtime with a command of its own has no workers and keeps no contract"
      ),
      ("serve: {contract: [a]}\n", "serve.contract: a list where a mapping of columns belongs"),
      ("serve: {contract: {a: {min: .nan}}}\n", "opz.yaml:4: .nan is infinity or not a number"),
      ("serve: {contract: {a: {max: .inf}}}\n", "opz.yaml:4: .inf is infinity or not a number"),
      ("serve: {contract: {a: {max: 1e999}}}\n", "serve.contract.a.max: 1e999 is not a finite number"),
      ("serve: {contract: {a: {max: \"1\"}}}\n", "serve.contract.a.max: text where a number belongs"),
      ("serve: {contract: {a: {min: 2, max: 1}}}\n", "serve.contract.a.min: 2.0 is more than max, 1.0"),
      ("serve: {contract: {a: {mim: 2}}}\n", "did you mean min?"),
      ("serve: {contract: {a: {type: date}}}\n", "serve.contract.a.type"),
      ("serve: {contract: {a: {type: text, min: 1}}}\n", "a.min: a column of the type text has no bounds"),
      ("serve: {contract: {a: {type: integer, min: 0.5}}}\n", "serve.contract.a.min: 0.5 is not whole"),
      ("serve: {contract: {a: {categories: []}}}\n", "serve.contract.a.categories: the list is empty"),
      ("serve: {contract: {a: {categories: [x, x]}}}\n", "serve.contract.a.categories.1: \"x\" is there twice"),
      ("serve: {contract: {a: {categories: [x], min: 1}}}\n", "serve.contract.a.categories: the column has min too"),
      ("serve: {contract: {a: {then: clip}}}\n", "serve.contract.a.then: clip needs min or max"),
      ("serve: {contract: {a: {missing: maybe}}}\n", "serve.contract.a.missing"),
      ("monitor: {data: /etc/passwd}\n", "monitor.data"),
      (
        "runtime: {kind: custom, base: scratch, command: [a]}\nmonitor: {data: a.csv}\n",
        "monitor.data: opz-server is not in front of this model"
      ),
      ("monitor: {dat: a.csv}\n", "did you mean data?"),
      (
        "runtime: {kind: python, command: [a]}\nserve: {loader: onnx}\n",
        "serve: a runtime with a command of its own has no workers"
      ),
      ("runtime: {kind: python}\nserve: {loader: sklearn}\n", "serve.loader"),
      ("runtime: {kind: r}\nserve: {workers: {count: 0}}\n", "serve.workers.count: 0 is not from 1 to 256"),
      ("runtime: {kind: r}\nserve: {workers: {memory: 1GB}}\n", "serve.workers.memory: \"1GB\" is not an amount"),
      ("runtime: {kind: r}\nserve: {workers: {memory: 99999999Gi}}\n", "serve.workers.memory"),
      ("runtime: {kind: r}\nserve: {worker: {}}\n", "serve.worker: unknown key"),
      ("runtime: {kind: r, python: \"3.12\"}\n", "runtime.python: a r runtime has no python"),
      ("test: {tolerance: {relative: -1}}\n", "test.tolerance.relative"),
      ("test: {wait: 0}\n", "test.wait: 0 is not from 1"),
      ("test: {tolerance: 0.1}\n", "test.tolerance: a number where a mapping"),
    ])
  func refused(yaml: String, message: String) throws {
    let error = #expect(throws: ConfigError.self) { try ConfigReader.read(ConfigReaderTests.minimal + yaml) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test("a contract is read by column, for the native runtime too; values are refused where nothing is said")
  func contract() throws {
    let config = try ConfigReader.read(
      ConfigReaderTests.minimal + """
        serve:
          contract:
            age: {type: integer, min: 0, max: 120, missing: reject, then: clip}
            "a.b": ~
            plan: {categories: [1, basic], then: flag}
        monitor: {data: data/train.csv}

        """)
    var age = ContractSection.Column("age")
    (age.type, age.least, age.most, age.missing, age.then) = (.integer, 0, 120, .reject, .clip)
    var plan = ContractSection.Column("plan")
    (plan.categories, plan.then) = (["1", "basic"], .flag)
    #expect(config.serve?.contract == ContractSection([age, ContractSection.Column("a.b"), plan]))
    #expect(config.monitor == MonitorSection(data: "data/train.csv"))
    #expect(config.locations.subject("serve.contract.age.min").hasPrefix("opz.yaml:"))
  }

  @Test("more categories and columns than a server takes are refused with the line")
  func many() throws {
    let texts = (0..<10_001).map(String.init).joined(separator: ",")
    let error = #expect(throws: ConfigError.self) {
      try ConfigReader.read(ConfigReaderTests.minimal + "serve: {contract: {a: {categories: [\(texts)]}}}\n")
    }
    #expect(error?.description.contains("serve.contract.a.categories: 10001 categories; at most 10000") == true)
    let columns = (0..<10_001).map { "c\($0): ~" }.joined(separator: ", ")
    let other = #expect(throws: ConfigError.self) {
      try ConfigReader.read(ConfigReaderTests.minimal + "serve: {contract: {\(columns)}}\n")
    }
    #expect(other?.description.contains("serve.contract: 10001 columns") == true)
  }

  @Test("a tolerance: absolute plus relative to the expected value, and NaN equals NaN")
  func tolerance() {
    let tolerance = TestSection.Tolerance(absolute: 0.5, relative: 0.1)
    #expect(tolerance.accepts(11.5, for: 10) && !tolerance.accepts(11.6, for: 10) && tolerance.accepts(8.5, for: 10))
    #expect(tolerance.accepts(.nan, for: .nan) && !tolerance.accepts(.nan, for: 1) && !tolerance.accepts(1, for: .nan))
    #expect(tolerance.accepts(.infinity, for: .infinity) && !tolerance.accepts(1, for: .infinity))
    #expect(TestSection.Tolerance().accepts(1, for: 1) && !TestSection.Tolerance().accepts(1.0000001, for: 1))
  }

  @Test(
    "modules that Python's lines import",
    arguments: [
      ("import a.b, c as d\nfrom e.f import g\nfrom . import h\nfrom .i import j\n", ["a", "c", "e"]),
      ("def f():\n    import k\n\timport l\nimportant = 1\nimport a\nimport a\n", ["k", "l", "a"]),
      ("# import x\n\"import y\"\nimport ü\n", []),
      ("\"\"\"Scores rows.\n\nimport the data first\nfrom nothing\n\"\"\"\nimport a\n", ["a"]),
      ("def f():\n  r'''x\n  import k \\''' import l\n'''\n  import m\n", ["m"]),
      ("import a  # fast, pandas would be slow\nfrom b import c  # import d\n", ["a", "b"]),
      ("import a; import b\ntry: import c\nexcept ImportError: d = 1\n", ["a", "b", "c"]),
      ("from a import (  # of a\n  b,\n  import_c,\n)\nx = [\n  y,\nimport z]\nimport \\\n  d\n", ["a", "d"]),
      ("x = \"# no comment\"\nimport a\ny = 'it\nimport b\n", ["a", "b"]),
      ("import a\r\nimport b\rimport c", ["a", "b", "c"]), ("\"\"\"never closed\nimport a", []), ("", []),
      ("from", []), ("import", []), ("x\\", []), ("'\\", []),
    ])
  func imports(source: String, modules: [String]) {
    #expect(PythonSource(source).imports == modules)
  }

  @Test("a function is defined by code, and not by what a text or a comment says")
  func functions() {
    for source in ["def predict(frame): pass", "if x:\n  async def predict (a,\n b): ..", "x=1; def predict(): 1"] {
      #expect(PythonSource(source).defines("predict"), "\(source)")
    }
    for source in ["# def predict(frame)", "'''\ndef predict(x): 1\n'''", "def predict_all(x): 1", "predict(1)", "def"]
    {
      #expect(!PythonSource(source).defines("predict"), "\(source)")
    }
  }

  @Test("a module is in one table of distributions, and in that of other names only with another name")
  func distributions() {
    #expect(PythonDistributions.same.isDisjoint(with: PythonDistributions.others.keys))
    #expect(PythonDistributions.others.allSatisfy { $0.key != $0.value })
    #expect(PythonDistributions.distribution(of: "lightgbm") == ("lightgbm", true))
    #expect(PythonDistributions.distribution(of: "sklearn") == ("scikit-learn", true))
    #expect(PythonDistributions.distribution(of: "my_module") == ("my-module", false))
  }

  @Test("the Python that a version of a library has wheels for")
  func pythons() {
    func choice(_ name: String, _ version: String) -> String? {
      PythonChoice.version(for: [PythonRequirement(name, version, because: "a test")])
    }
    #expect(choice("scikit-learn", "==1.0.2") == "3.10" && choice("scikit-learn", "==1.2.2") == "3.11")
    #expect(
      choice("scikit-learn", "==1.5.2") == nil && choice("scikit-learn", ">=1") == nil && choice("x", "==1.0") == nil)
  }
}
