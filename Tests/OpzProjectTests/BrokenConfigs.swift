/// Documents that are invalid YAML, or invalid as a whole.
extension BrokenConfig {
  static let documents: [BrokenConfig] = [
    BrokenConfig("empty", "", text: "opz.yaml: the file is empty\n\nhint: remove it, then run opz init"),
    BrokenConfig(
      "only a comment", "# nothing\n", text: "opz.yaml: the file is empty\n\nhint: remove it, then run opz init"),
    BrokenConfig("a list", "- opz: 1\n", text: "opz.yaml:1: a list where keys such as name: and model: belong"),
    BrokenConfig("a text", "opz\n", text: "opz.yaml:1: text where keys such as name: and model: belong"),
    BrokenConfig(
      "not YAML", "opz: 1\nname: [churn\nmodel: x\n",
      text: "opz.yaml:3: not valid YAML: did not find expected ',' or ']', while parsing a flow sequence (line 2)"),
    BrokenConfig(
      "a tab", "opz: 1\nmodel:\n\tpath: x\n",
      text:
        "opz.yaml:3: not valid YAML: found character that cannot start any token, while scanning for the next token (line 3)"
    ),
    BrokenConfig("two documents", minimal + "---\nopz: 1\n", text: "opz.yaml:4: a second document begins here"),
    BrokenConfig(
      "a key twice", minimal + "name: other\n",
      text:
        "opz.yaml:4: duplicate key name, also on line 2: readers differ on which value counts\n\nhint: keep one of the two"
    ),
    BrokenConfig(
      "a key twice, once quoted", "opz: 1\nenv: {A: a,\n  \"A\": b}\n",
      text:
        "opz.yaml:3: duplicate key A, also on line 2: readers differ on which value counts\n\nhint: keep one of the two"
    ),
    BrokenConfig(
      "a key that is a number", "opz: 1\nenv: {1: a}\n",
      text: "opz.yaml:2: some readers of YAML do not read the key 1 as text\n\nhint: write \"1\""),
    BrokenConfig(
      "a key twice below", minimal + "deploy:\n  replicas: {min: 1, min: 2}\n",
      text:
        "opz.yaml:5: duplicate key min, also on line 5: readers differ on which value counts\n\nhint: keep one of the two"
    ),
    BrokenConfig(
      "an anchor", "opz: 1\nname: &n churn\nmodel: {path: *n}\n",
      text: "opz.yaml:2: the anchor &n is not allowed\n\nhint: write out the value, or put it in quotes"),
    BrokenConfig(
      "an alias of nothing", "opz: 1\nname: *n\n",
      text: "opz.yaml:2: aliases are not allowed\n\nhint: write out the value, or put it in quotes"),
    BrokenConfig(
      "a tag", "opz: 1\nname: !!str churn\n",
      text: "opz.yaml:2: the tag tag:yaml.org,2002:str is not allowed\n\nhint: remove the tag; quotes make a value text"
    ),
    BrokenConfig(
      "a tag on quotes", "opz: !!int \"1\"\n",
      text: "opz.yaml:1: the tag tag:yaml.org,2002:int is not allowed\n\nhint: remove the tag; quotes make a value text"
    ),
    BrokenConfig(
      "a tag on a mapping", "opz: 1\nmodel: !thing {path: x}\n",
      text: "opz.yaml:2: the tag !thing is not allowed\n\nhint: remove the tag; quotes make a value text"),
    BrokenConfig(
      "a key that is a list", "opz: 1\n? [a]\n: b\n",
      text: "opz.yaml:2: a key is not plain text\n\nhint: keys must be text: write the key in quotes"),
    BrokenConfig(
      "a merge key", minimal + "<<: {version: 1.0.0}\n",
      text:
        "opz.yaml:4: <<: unknown key\n\nhint: opz.yaml has the keys opz, name, version, model, runtime, serve, code, config, files, links, layers, env, platforms, lineage, deploy, push, test, monitor, features"
    ),
    BrokenConfig(
      "a control character", "opz: 1\nname: \u{1}\n",
      text: "opz.yaml:2: not valid YAML: control characters are not allowed"),
    BrokenConfig(
      "brackets", "opz: 1\ncode: " + String(repeating: "[", count: 10_000),
      text: "opz.yaml:2: nested deeper than 64 levels\n\nhint: reduce the nesting"),
    BrokenConfig(
      "dashes", "opz: 1\ncode:\n" + String(repeating: "- ", count: 10_000),
      text: "opz.yaml:3: nested deeper than 64 levels\n\nhint: reduce the nesting"),
  ]

  private static let minimal = ConfigReaderTests.minimal

  static let top: [BrokenConfig] = [
    BrokenConfig(
      "no format", "name: a\nmodel: {path: x}\n",
      text: "opz.yaml:1: opz: missing\n\nhint: begin the file with opz: 1, the number of its format"),
    BrokenConfig(
      "a newer format", "opz: 2\nname: a\nmodel: {path: x}\n",
      text: "opz.yaml:1: opz: the file has format 2, this opz reads 1\n\nhint: use a newer opz"),
    BrokenConfig(
      "format zero", "opz: 0\nname: a\nmodel: {path: x}\n",
      text: "opz.yaml:1: opz: the file has format 0, this opz reads 1\n\nhint: write opz: 1"),
    BrokenConfig(
      "format as text", "opz: \"1\"\nname: a\nmodel: {path: x}\n",
      text: "opz.yaml:1: opz: text where a whole number belongs\n\nhint: remove the quotes and leading zeros"),
    BrokenConfig(
      "no name", "opz: 1\nmodel: {path: x}\n",
      text: "opz.yaml:1: name: missing\n\nhint: write name: churn, or name: team/churn"),
    BrokenConfig(
      "a name in capitals", "opz: 1\nname: Churn Model\nmodel: {path: x}\n",
      text:
        "opz.yaml:2: name: \"Churn Model\" is not a model name: it may not contain \"C\"\n\nhint: write name: churn-model"
    ),
    BrokenConfig(
      "a name that the registry uses", "opz: 1\nname: crm/versions\nmodel: {path: x}\n",
      text:
        "opz.yaml:2: name: \"crm/versions\" is not a model name: \"versions\" is used by the registry itself\n\nhint: use lower-case letters, digits, . _ - and / between parts, such as crm/churn"
    ),
    BrokenConfig(
      "a name like a registry", "opz: 1\nname: registry.example/churn\nmodel: {path: x}\n",
      text:
        "opz.yaml:2: name: \"registry.example/churn\" is not a model name: \"registry.example\" before a / means a container registry\n\nhint: write name: registry-example/churn"
    ),
    BrokenConfig(
      "a number for a name", "opz: 1\nname: 12\nmodel: {path: x}\n",
      text: "opz.yaml:2: name: a whole number where text belongs\n\nhint: write name: \"12\""),
    BrokenConfig(
      "no model", "opz: 1\nname: a\n", text: "opz.yaml:1: model: missing\n\nhint: write model: {path: model.json}"),
    BrokenConfig(
      "a model in short", "opz: 1\nname: a\nmodel: model.json\n",
      text:
        "opz.yaml:3: model: text where a mapping with path, format, iterations, unseen belongs\n\nhint: write model: {path: model.json}"
    ),
    BrokenConfig(
      "a model without path", "opz: 1\nname: a\nmodel:\n  format: auto\n",
      text: "opz.yaml:4: model.path: missing\n\nhint: write path: model.json"),
    BrokenConfig(
      "an unknown format", "opz: 1\nname: a\nmodel: {path: x, format: xgboost-jsn}\n",
      text:
        "opz.yaml:3: model.format: \"xgboost-jsn\" is not a format that opz knows\n\nhint: did you mean xgboost-json?"),
    BrokenConfig(
      "iterations that do not exist", "opz: 1\nname: a\nmodel: {path: x, iterations: bst}\n",
      text:
        "opz.yaml:3: model.iterations: \"bst\" is none of all, best\n\nhint: write iterations: best for those up to the best of early stopping"
    ),
    BrokenConfig(
      "iterations of another runtime", "opz: 1\nname: a\nmodel: {path: x, iterations: best}\nruntime: {kind: model}\n",
      text:
        "opz.yaml:3: model.iterations: only the native runtime obeys it, and this project has runtime: {kind: model}\n\nhint: leave it out, or write runtime: {kind: native}"
    ),
    BrokenConfig(
      "a rule for unknown categories that does not exist", "opz: 1\nname: a\nmodel: {path: x, unseen: ignore}\n",
      text:
        "opz.yaml:3: model.unseen: \"ignore\" is none of library, missing, error\n\nhint: write unseen: missing to score a category that the model does not have as a missing value"
    ),
    BrokenConfig(
      "unknown categories of another runtime",
      "opz: 1\nname: a\nmodel: {path: x, unseen: error}\nruntime: {kind: model}\n",
      text:
        "opz.yaml:3: model.unseen: only the native runtime obeys it, and this project has runtime: {kind: model}\n\nhint: leave it out, or write runtime: {kind: native}"
    ),
    .more(
      "an init of the native runtime", "runtime: {init: true}",
      text:
        "opz.yaml:4: runtime.init: a native runtime has no init\n\nhint: remove it, or write kind: python or r or custom"
    ),
    .more(
      "an init in front of opz-server", "runtime: {kind: python, init: true}",
      text:
        "opz.yaml:4: runtime.init: opz-server is process 1 of this image, and needs no other\n\nhint: remove it, or write a command of your own"
    ),
    BrokenConfig(
      "an unknown model of the native runtime", "opz: 1\nname: a\nmodel: {path: x, format: unknown}\n",
      text:
        "opz.yaml:3: model.format: the native runtime reads the model, so its format cannot be unknown\n\nhint: write format: auto, or runtime: {kind: custom} with your own server"
    ),
    .more(
      "a variable that opz sets", "env: {OPZ_MODEL_ITERATIONS: best}",
      text:
        "opz.yaml:4: env.OPZ_MODEL_ITERATIONS: opz sets it itself, from model.iterations\n\nhint: write model: {iterations: best}"
    ),
    .more(
      "a key of another part", "kind: native", text: "opz.yaml:4: kind: unknown key\n\nhint: did you mean runtime.kind?"
    ),
    .more(
      "a key like none", "zzzzzzzz: 1",
      text:
        "opz.yaml:4: zzzzzzzz: unknown key\n\nhint: opz.yaml has the keys opz, name, version, model, runtime, serve, code, config, files, links, layers, env, platforms, lineage, deploy, push, test, monitor, features"
    ),
    .more(
      "a version with v", "version: v1.2.0",
      text:
        "opz.yaml:4: version: \"v1.2.0\" is not a semantic version\n\nhint: write version: 1.2.0, or version: auto for the next one"
    ),
    .more(
      "a version of two numbers", "version: 1.2",
      text:
        "opz.yaml:4: version: \"1.2\" is not a semantic version\n\nhint: write version: 1.2.0, or version: auto for the next one"
    ),
    .more("a version that is a list", "version: [1, 2, 0]", text: "opz.yaml:4: version: a list where text belongs"),
    .more(
      "a version like nothing", "version: latest",
      text:
        "opz.yaml:4: version: \"latest\" is not a semantic version\n\nhint: write version: 1.2.0, or version: auto for the next one"
    ),
    .more(
      "leading zeros", "version: 1.02.0",
      text:
        "opz.yaml:4: version: \"1.02.0\" is not a semantic version\n\nhint: write version: 1.2.0, or version: auto for the next one"
    ),
  ]

  static let parts: [BrokenConfig] = [
    .more(
      "code in short", "code: predict.py",
      text: "opz.yaml:4: code: text where a list belongs\n\nhint: write code: [predict.py]"),
    .more(
      "code out of the project", "code: [a.py, lib/../../b.py]",
      text:
        "opz.yaml:4: code.1: lib/../../b.py leads out of the project\n\nhint: move opz.yaml to a directory above, or copy the file into the project"
    ),
    .more(
      "an absolute path", "config:\n  - a.json\n  - /etc/passwd",
      text: "opz.yaml:6: config.1: /etc/passwd is absolute\n\nhint: paths in opz.yaml are relative to its directory"),
    .more("a file twice", "code: [a.py, ./a.py]", text: "opz.yaml:4: code.1: duplicate ./a.py"),
    .more(
      "a file in two layers", "code: [a.py]\nconfig: [a.py]",
      text: "opz.yaml:5: config.0: a.py is already in code\n\nhint: keep it in one of the two"),
    .more(
      "a number in env", "env:\n  THRESHOLD: 0.5",
      text: "opz.yaml:5: env.THRESHOLD: a number where text belongs\n\nhint: write THRESHOLD: \"0.5\""),
    .more(
      "a flag in env", "env: {DEBUG: true}",
      text: "opz.yaml:4: env.DEBUG: true or false where text belongs\n\nhint: write DEBUG: \"true\""),
    .more(
      "a bad variable", "env: {MY-VAR: x}",
      text: "opz.yaml:4: env.MY-VAR: not a name of an environment variable\n\nhint: use letters, digits and _"),
    .more(
      "a variable that opz sets", "env: {OPZ_MODEL_NAME: x}",
      text: "opz.yaml:4: env.OPZ_MODEL_NAME: opz sets it itself, to the model's name"),
    .more(
      "a line break in a variable", "env: {A: \"x\\ny\"}", text: "opz.yaml:4: env.A: a line break or a NUL in the value"
    ),
    .more("env as a list", "env: [A=b]", text: "opz.yaml:4: env: a list where a mapping of names to text belongs"),
    .more(
      "no platforms", "platforms: []",
      text: "opz.yaml:4: platforms: an empty list\n\nhint: write platforms: [linux/amd64]"),
    .more(
      "an unknown platform", "platforms: [linux/amd64, windows/amd64]",
      text:
        "opz.yaml:4: platforms.1: \"windows/amd64\" is not a Linux platform\n\nhint: write linux/amd64 or linux/arm64"),
    .more(
      "a platform with a typo", "platforms: [linx/amd64]",
      text: "opz.yaml:4: platforms.0: \"linx/amd64\" is not a Linux platform\n\nhint: did you mean linux/amd64?"),
    .more(
      "a platform twice", "platforms: [linux/arm64, linux/arm64]",
      text: "opz.yaml:4: platforms.1: duplicate linux/arm64"
    ),
    .more(
      "a parent without version", "lineage: {parent: churn}",
      text: "opz.yaml:4: lineage.parent: \"churn\" is not NAME@VERSION\n\nhint: write parent: churn@1.1.0"),
    .more(
      "a long tag", "lineage: {tags: {\(String(repeating: "t", count: 129)): x}}",
      text:
        "opz.yaml:4: lineage.tags.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt: the name has 129 bytes; at most 128 are allowed"
    ),
    .more(
      "a nested tag", "lineage:\n  tags:\n    a: {b: c}",
      text: "opz.yaml:6: lineage.tags.a: a mapping where text belongs"),
    .more(
      "a typo far down", "deploy:\n  replicas:\n    mix: 3",
      text: "opz.yaml:6: deploy.replicas.mix: unknown key\n\nhint: did you mean max?"),
    .more(
      "min above max", "deploy: {replicas: {min: 5, max: 2}}",
      text: "opz.yaml:4: deploy.replicas.min: 5 is more than max, 2"),
    .more(
      "a negative count", "deploy: {replicas: {min: -1}}",
      text: "opz.yaml:4: deploy.replicas.min: -1 is not from 0 to 10000"),
    .more(
      "a count as text", "deploy: {replicas: {min: \"2\"}}",
      text:
        "opz.yaml:4: deploy.replicas.min: text where a whole number belongs\n\nhint: remove the quotes and leading zeros"
    ),
    .more(
      "a huge count", "deploy: {replicas: {max: 99999999999999999999}}",
      text: "opz.yaml:4: deploy.replicas.max: 99999999999999999999 is not from 1 to 10000"),
    .more(
      "a bad quantity", "deploy: {resources: {memory: 256MB}}",
      text: "opz.yaml:4: deploy.resources.memory: \"256MB\" is not a Kubernetes quantity\n\nhint: write memory: 256Mi"),
    .more(
      "no memory", "deploy: {resources: {memory: 0Mi}}",
      text: "opz.yaml:4: deploy.resources.memory: 0Mi is not greater than 0"),
    .more(
      "a key that is almost right", "deploy: {autoscale: {concurency: 8}}",
      text: "opz.yaml:4: deploy.autoscale.concurency: unknown key\n\nhint: did you mean concurrency?"),
    .more(
      "a secret that is no name", "deploy: {envFrom: [ok, My_Token]}",
      text:
        "opz.yaml:4: deploy.envFrom.1: \"My_Token\" is not a valid Kubernetes name\n\nhint: use at most 253 lower-case letters, digits, - and ."
    ),
    .more(
      "a namespace of 64 characters", "deploy: {namespace: {name: \(String(repeating: "a", count: 64))}}",
      text:
        "opz.yaml:4: deploy.namespace.name: \"\(String(repeating: "a", count: 64))\" is not a valid Kubernetes name\n\nhint: use at most 63 lower-case letters, digits and -"
    ),
    .more(
      "a label that is none", "deploy: {ingress: {pods: {app: -x}}}",
      text:
        "opz.yaml:4: deploy.ingress.pods: \"app\": \"-x\" is not a valid Kubernetes label\n\nhint: use at most 63 letters, digits, - _ and ., a letter or digit first and last"
    ),
    .more(
      "a spread like none", "deploy: {spread: softt}",
      text: "opz.yaml:4: deploy.spread: \"softt\" is not a spread that opz knows\n\nhint: did you mean soft?"),
    .more(
      "a GPU without a count", "deploy: {resources: {gpu: {product: T4}}}",
      text: "opz.yaml:4: deploy.resources.gpu.count: missing\n\nhint: write count: 1"),
    .more(
      "half of blue-green", "deploy: {rollout: {strategy: blue-green, weight: 50}}",
      text:
        "opz.yaml:4: deploy.rollout.weight: 50% is not one of blue-green's two weights\n\nhint: write 0 or 100, or strategy: canary"
    ),
    .more(
      "a variable of opz's own", "deploy: {env: {OPZ_DRAIN_SECONDS: \"1\"}}",
      text: "opz.yaml:4: deploy.env.OPZ_DRAIN_SECONDS: opz sets it itself"),
    .more(
      "an address without http", "deploy: {monitoring: {server: \"prometheus:9090\"}}",
      text:
        "opz.yaml:4: deploy.monitoring.server: \"prometheus:9090\" is not an address\n\nhint: write server: \"http://prometheus.monitoring:9090\""
    ),
    .more(
      "a patch of two kinds", "deploy: {patches: [{kind: Service, merge: {}, json: []}]}",
      text:
        "opz.yaml:4: deploy.patches.0.merge: a patch has either merge or json\n\nhint: write merge: {spec: {..}}, or json: [{op: ..}]"
    ),
    .more(
      "an operation that is none", "deploy: {patches: [{kind: Service, json: [{op: set, path: /a}]}]}",
      text:
        "opz.yaml:4: deploy.patches.0.json: \"set\" is not an operation\n\nhint: use add, remove, replace, move, copy or test"
    ),
    .more(
      "a flag as text", "deploy: {vpa: \"yes\"}", text: "opz.yaml:4: deploy.vpa: text where true or false belongs"),
    .more(
      "a schedule without a command", "deploy: {schedules: [{name: a, cron: \"@daily\"}]}",
      text: "opz.yaml:4: deploy.schedules.0.command: missing\n\nhint: write command: [python, refresh.py]"),
    .more(
      "a schedule of four fields", "deploy: {schedules: [{name: a, cron: 0 3 * *, command: [a]}]}",
      text:
        "opz.yaml:4: deploy.schedules.0.cron: \"0 3 * *\" is not a cron schedule\n\nhint: write minute, hour, day, month, weekday: \"0 3 * * *\""
    ),
    .more(
      "a day that never comes", "deploy: {schedules: [{name: a, cron: 0 3 30 2 *, command: [a]}]}",
      text:
        "opz.yaml:4: deploy.schedules.0.cron: \"0 3 30 2 *\" never occurs: the month has no such day\n\nhint: write minute, hour, day, month, weekday: \"0 3 * * *\""
    ),
    .more(
      "two schedules of a name",
      "deploy: {schedules: [{name: a, cron: \"@daily\", command: [a]}, {name: a, cron: \"@daily\", command: [b]}]}",
      text: "opz.yaml:4: deploy.schedules.1.name: duplicate a"),
    .more(
      "a schedule's name that is too long",
      "deploy: {schedules: [{name: \(String(repeating: "a", count: 41)), cron: \"@daily\", command: [a]}]}",
      text:
        "opz.yaml:4: deploy.schedules.0.name: \"\(String(repeating: "a", count: 41))\" has 41 characters, and a CronJob's name has room for 40\n\nhint: the CronJob's name also contains the model's name, and its Jobs' names the time of the run"
    ),
    .more(
      "a concurrency like none",
      "deploy: {schedules: [{name: a, cron: \"@daily\", command: [a], concurrency: forbidd}]}",
      text:
        "opz.yaml:4: deploy.schedules.0.concurrency: \"forbidd\" is not a concurrency that opz knows\n\nhint: did you mean forbid?"
    ),
    .more(
      "a volume without a claim", "deploy: {batch: {input: {path: a}}}",
      text: "opz.yaml:4: deploy.batch.input.claim: missing\n\nhint: write claim: NAME, a PersistentVolumeClaim"),
    .more(
      "no share", "deploy: {autoscale: {cpu: 0}}", text: "opz.yaml:4: deploy.autoscale.cpu: 0 is not from 1 to 1000"),
    .more(
      "a push without host", "push: {to: crm/churn}",
      text: "opz.yaml:4: push.to: \"crm/churn\" is not HOST/REPO[:TAG]\n\nhint: write to: registry.example/crm/churn"),
    .more(
      "a push to a digest", "push: {to: \"registry.example/a@sha256:\(String(repeating: "0", count: 64))\"}",
      text:
        "opz.yaml:4: push.to: \"registry.example/a@sha256:000000000000000000000000000000000000000000000000000000\" is not HOST/REPO[:TAG]: the push makes the digest\n\nhint: write to: registry.example/crm/churn"
    ),
    .more(
      "a push without to", "push: {}",
      text: "opz.yaml:4: push.to: missing\n\nhint: write to: registry.example/crm/churn"),
  ]

  static let runtimes: [BrokenConfig] = [
    .more(
      "files that are no list", "files: {path: a, to: /b}",
      text: "opz.yaml:4: files: a mapping where a list belongs\n\nhint: write files: [{path: assets, to: /opt/assets}]"),
    .more(
      "files without a place", "files: [{path: a}]",
      text: "opz.yaml:4: files.0.to: missing\n\nhint: write to: /opt/assets"),
    .more(
      "files below the model", "files: [{path: a, to: /models/x}]",
      text: "opz.yaml:4: files.0.to: \"/models/x\" is below /models, which is not for files"),
    .more("a relative place", "files: [{path: a, to: b}]", text: "opz.yaml:4: files.0.to: \"b\" is not absolute"),
    .more(
      "a place with dots", "files: [{path: a, to: /b/../etc}]",
      text: "opz.yaml:4: files.0.to: \"/b/../etc\" has . or .. in it"),
    .more(
      "an owner by name", "files: [{path: a, to: /b, owner: \"root:root\"}]",
      text: "opz.yaml:4: files.0.owner: \"root:root\" is not UID:GID\n\nhint: write numbers: owner: \"1000:1000\""),
    .more(
      "a mode with setuid", "files: [{path: a, to: /b, mode: \"4755\"}]",
      text: "opz.yaml:4: files.0.mode: \"4755\" is not a mode\n\nhint: write mode: \"0640\""),
    .more(
      "an unknown key of files", "files: [{path: a, too: /b}]",
      text:
        "opz.yaml:4: files.0.too: unknown key (did you mean to?)\nopz.yaml:4: files.0.to: missing (write to: /opt/assets)"
    ),
    .more(
      "an unknown compression", "layers: {compression: gzipp}",
      text: "opz.yaml:4: layers.compression: \"gzipp\" is not a compression\n\nhint: did you mean gzip?"),
    .more(
      "an unknown runtime", "runtime: {kind: nativ}",
      text: "opz.yaml:4: runtime.kind: \"nativ\" is not a runtime\n\nhint: did you mean native?"),
    .more(
      "a runtime in short", "runtime: native",
      text: "opz.yaml:4: runtime: text where a mapping with kind, base, python, requirements, packages, archive, lock, "
        + "command, user, expose, bytecode, init belongs\n\nhint: write runtime: {kind: native}"
    ),
    .more(
      "a custom runtime without base", "runtime: {kind: custom}",
      text:
        "opz.yaml:4: runtime.base: missing\n\nhint: write base: HOST/REPO:TAG, oci:DIR, oci-archive:FILE, docker-archive:FILE or scratch"
    ),
    .more(
      "a key of another runtime", "runtime: {kind: native, requirements: r.txt}",
      text:
        "opz.yaml:4: runtime.requirements: a native runtime has no requirements\n\nhint: remove it, or write kind: python"
    ),
    .more(
      "a command as text", "runtime: {kind: custom, base: scratch, command: python serve.py}",
      text: "opz.yaml:4: runtime.command: text where a list belongs\n\nhint: write a list: command: [python, serve.py]"),
    .more(
      "a command without program", "runtime: {kind: custom, base: scratch, command: [\"\"]}",
      text: "opz.yaml:4: runtime.command.0: the name of the program is empty"),
    .more(
      "a base without host", "runtime: {kind: custom, base: \"python:3.12\"}",
      text:
        "opz.yaml:4: runtime.base: \"python:3.12\" is no image: it does not begin with the host of a registry\n\nhint: write HOST/REPO:TAG; on Docker Hub it is docker.io/library/python:3.12; or oci:DIR, oci-archive:FILE, docker-archive:FILE or scratch"
    ),
    .more(
      "a user by name", "runtime: {user: nobody}",
      text:
        "opz.yaml:4: runtime.user: \"nobody\" is not UID or UID:GID\n\nhint: write numbers: Kubernetes cannot check a name"
    ),
    .more(
      "root", "runtime: {user: 0}",
      text: "opz.yaml:4: runtime.user: 0 is root\n\nhint: use another number, such as 65532"),
    .more(
      "a user out of range", "runtime: {user: \"4294967295\"}",
      text:
        "opz.yaml:4: runtime.user: \"4294967295\" is not UID or UID:GID\n\nhint: write numbers: Kubernetes cannot check a name"
    ),
    .more(
      "a port out of range", "runtime: {kind: custom, base: scratch, expose: 70000}",
      text: "opz.yaml:4: runtime.expose: 70000 is not from 1 to 65535"),
    .more(
      "a port as text", "runtime: {kind: custom, base: scratch, expose: [80, http]}",
      text: "opz.yaml:4: runtime.expose.1: \"http\" is not a port from 1 to 65535"),
    .more(
      "Python 2", "runtime: {kind: python, python: 2.7}",
      text: "opz.yaml:4: runtime.python: \"2.7\" is not a version of Python 3\n\nhint: write python: \"3.12\""),
  ]
}
