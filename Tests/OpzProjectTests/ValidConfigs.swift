/// Documents that both the reader and the schema accept.
enum ValidConfigs {
  private static let minimal = ConfigReaderTests.minimal

  static let all: [String] =
    [
      minimal,
      """
      opz: 1
      name: churn
      version: auto
      model: {path: model.json, format: auto}
      runtime: {kind: native}
      code: [predict.py, lib/]
      config: [config.json]
      env: {THRESHOLD: "0.5"}
      platforms: [linux/amd64]
      lineage: {data: [data/train.csv], metrics: metrics.json, parent: churn@1.1.0, tags: {team: crm}}
      deploy: {replicas: {min: 2, max: 10}, resources: {cpu: 500m, memory: 256Mi}, autoscale: {cpu: 70}}
      push: {to: registry.example/crm/churn}
      """,
      "opz: 1\nname: crm/churn-v2_a.b\nmodel:\n  path: models\n  format: xgboost-json\n",
      "opz: 1\nname: a\nmodel: {path: m, format: lightgbm, iterations: best, unseen: missing}\n",
      "opz: 1\nname: a\nmodel: {path: m, format: unknown, iterations: all}\nruntime: {kind: model}\n",
      "opz: 1\nname: churn.v2\nmodel: {path: \"a b/ü.json\"}\n",
      "opz: 1\nname: localhost\nmodel: {path: ./model.json}\n",
      "{\"opz\": 1, \"name\": \"churn\", \"model\": {\"path\": \"m\"}}",
    ] + [minimal + DeploySettingsTests.all] + more.map { minimal + $0 + "\n" }

  private static let more: [String] = [
    "version: 1.0.0-rc.1+build.5", "version: \"0.0.0\"", "version: 1.0.0-0a.--", "version:", "version: ~",
    "code:", "code: []", "code: [\"2024\", .]", "env:", "env: {}", "env: {_a1: x, B: , C: \"\"}",
    "platforms: [linux/amd64, linux/arm64, linux/arm/v7]", "platforms: [linux/x86_64, linux/arm64/v8]", "platforms:",
    "lineage:", "lineage: {}", "lineage: {data: [], tags: {\"a.b/c\": \"1\", x: }}",
    "lineage: {parent: crm/churn@1.0.0-rc.1}",
    "deploy: {replicas: {min: 0, max: 1}}", "deploy: {replicas: {max: 3}, resources: {}, autoscale: }",
    "deploy: {resources: {cpu: 2, memory: 1.5Gi}}", "deploy: {resources: {cpu: 0.5, memory: \"1e9\"}}",
    "deploy: {autoscale: {up: , down: {}}, namespace: {quota: {}}, ingress: {}, monitoring: {enabled: false}, patches: []}",
    "deploy: {resources: {gpu: {count: 1}}, spread: none, rollout: {strategy: blue-green, weight: 100, gateway: gw}}",
    "deploy: {batch: {schedule: \"@daily\", command: [a]}, env: , envFrom: [], vpa: false, storage: modelcar}",
    "deploy: {storage: fetch}",
    "deploy: {schedules: []}", "deploy: {schedules: [{name: a, cron: 59 23 31 12 6, command: [a, 1], resources: }]}",
    "deploy: {schedules: [{name: 0-9, cron: \"@weekly\", command: [a], concurrency: allow, deadline: 10, timeout: 604800}]}",
    "push: {to: \"localhost:5000/a/b:v1\"}", "push: {to: localhost/a}", "push:",
    "runtime:", "runtime: {kind: , user: \"1000:0\"}", "runtime: {kind: model}",
    "runtime: {kind: model, base: , expose: ~}", "runtime: {kind: model, base: \"oci:busybox\"}",
    "files:", "files: [{path: assets, to: /opt/assets/, owner: \"1000:0\", mode: \"0640\"}, {path: a, to: /}]",
    "files: [{path: a, to: /modelsx, mode: 755}]", "layers:", "layers: {compression: }", "layers: {compression: zstd}",
    "runtime: {kind: custom, base: scratch, command: [serve, 80, \"\"], expose: []}",
    "runtime: {kind: custom, base: \"oci:../base:latest\", user: 1000, expose: [80, 81]}",
    "runtime: {kind: custom, base: scratch, command: [run], init: false}",
    "runtime: {kind: custom, base: \"registry.example/a@sha256:\(String(repeating: "0", count: 64))\"}",
    "runtime: {kind: python, python: 3.12, requirements: requirements.txt, lock: pylock.toml}",
    "runtime: {kind: python}\nserve: {loader: keras, workers: {count: 4, memory: 512Mi}, batch: {rows: 1, waitMilliseconds: 0}, limits: {body: 1Mi}}",
    "runtime: {kind: r, base: \"registry.example/r:4\"}\nserve: {workers: , batch: {}, limits: ~}", "serve:",
    "serve: {contract: {}}",
    "serve: {contract: {age: {type: integer, min: 0, max: 120, missing: reject, then: clip}, \"a.b\": ~, plan: {categories: [1, b], then: flag}}}",
    "monitor: {data: train.csv}", "monitor:",
    "test: {tolerance: {absolute: 0.1, relative: 1}, wait: 5}", "test:", "test: {tolerance: }",
    "runtime: {kind: r, command: [Rscript, serve.R], expose: 8000}",
    "runtime: {kind: python, python: \"3.10.1\", base: registry.example/python:3, expose: 8000}",
  ]
}
