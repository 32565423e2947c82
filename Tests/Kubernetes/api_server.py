"""A small Kubernetes API server for the tests: real kubectl talks to it over HTTP on loopback.

    python api_server.py DIRECTORY

It writes its port to DIRECTORY/port, each request to DIRECTORY/requests, each new number of pods to DIRECTORY/replicas, and reads DIRECTORY/control.json (if there is one) at each request:

    missing      API groups that this cluster has not: ["keda.sh"]
    faults       answers in place of the server's own, the first that fits:
                 {"verb": "PATCH", "resource": "services", "name": "churn", "dryRun": false, "status": 500, "reason": "..", "message": ".."}
                 what is left out fits all; "skip": N lets the first N of them pass, "cut": true ends the connection after the change was made
    warnings     {"deployments": "text"}: a Warning header with the answer to a change
    readyAfter   looks at a Deployment until its pods are ready (0), null for never
    load         {"churn": 7}: what the HorizontalPodAutoscaler or ScaledObject of this name scales its Deployment to

What it answers follows these sources:
  server-side apply   https://kubernetes.io/docs/reference/using-api/server-side-apply/ ; structured-merge-diff, merge/update.go (Update, Apply, prune)
  conflicts           kubernetes, apimachinery/pkg/util/managedfields/internal/conflict.go (getConflictMessage, printManager)
  Status and reasons  kubernetes, apimachinery/pkg/api/errors/errors.go
  webhooks            kubernetes, apiserver/pkg/admission/plugin/webhook/errors/statuserror.go (ToStatusErr, NewDryRunUnsupportedErr)
  missing namespace   kubernetes, apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go: a 404 of the namespace
  discovery           KEP-3352 (APIGroupDiscoveryList v2), watches with initial events KEP-3157
  lists by keys       kubernetes, api/openapi-spec/swagger.json (x-kubernetes-list-map-keys, x-kubernetes-map-type)
  replicas            apps/v1 SetDefaults_Deployment: 1 where nobody says it
  rollout status      kubectl, polymorphichelpers/rollout_status.go: observedGeneration, updatedReplicas, availableReplicas
"""

import copy
import http.server
import json
import os
import pathlib
import sys
import threading
import time
import urllib.parse

directory = pathlib.Path(sys.argv[1])
lock = threading.RLock()
objects = {}  # (group, resource, namespace, name) -> object
state = {"version": 100, "uid": 0}
polls = {}
passed = {}

# group, version, resource, kind, namespaced
KINDS = [
    ("", "v1", "namespaces", "Namespace", False),
    ("", "v1", "services", "Service", True),
    ("", "v1", "serviceaccounts", "ServiceAccount", True),
    ("", "v1", "configmaps", "ConfigMap", True),
    ("", "v1", "resourcequotas", "ResourceQuota", True),
    ("", "v1", "limitranges", "LimitRange", True),
    ("apps", "v1", "deployments", "Deployment", True),
    ("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True),
    ("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True),
    ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True),
    ("batch", "v1", "jobs", "Job", True),
    ("batch", "v1", "cronjobs", "CronJob", True),
    ("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject", True),
    ("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", True),
    ("monitoring.coreos.com", "v1", "servicemonitors", "ServiceMonitor", True),
    ("monitoring.coreos.com", "v1", "prometheusrules", "PrometheusRule", True),
    ("autoscaling.k8s.io", "v1", "verticalpodautoscalers", "VerticalPodAutoscaler", True),
    ("serving.knative.dev", "v1", "services", "Service", True),
    ("serving.kserve.io", "v1beta1", "inferenceservices", "InferenceService", True),
]

# The last member of a list's path -> its keys; all other lists are atomic.
KEYS = {
    "f:containers": ["name"], "f:initContainers": ["name"], "f:volumes": ["name"], "f:env": ["name"],
    "f:imagePullSecrets": ["name"], "f:volumeMounts": ["mountPath"], "f:groups": ["name"],
    "f:topologySpreadConstraints": ["topologyKey", "whenUnsatisfiable"],
}
ATOMIC = {"f:selector", "f:nodeSelector", "f:labelSelector", "f:resourceFieldRef", "f:fieldRef", "f:configMapKeyRef"}
REASONS = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 422: "Invalid",
           500: "InternalError"}


def control():
    try:
        return json.loads((directory / "control.json").read_text())
    except FileNotFoundError:
        return {}


class Refusal(Exception):
    def __init__(self, code, message, reason=None, details=None):
        super().__init__(message)
        self.code = code
        self.status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
                       "reason": reason or REASONS.get(code, "InternalError"), "code": code}
        if details:
            self.status["details"] = details


# MARK: Sets of fields, as paths of FieldsV1's members


def keys_of(path, items):
    last = path[-1] if path else ""
    if last == "f:ports":
        return ["containerPort", "protocol"] if any("containerPort" in item for item in items) else ["port", "protocol"]
    return KEYS.get(last)


def element(keys, item):
    values = {key: item.get(key, "TCP" if key == "protocol" else None) for key in keys}
    return "k:" + json.dumps(values, separators=(",", ":"), sort_keys=True)


def is_atomic(path):
    # A Service's selector is a map of its own; those of Deployments and NetworkPolicies are LabelSelectors.
    return bool(path) and path[-1] in ATOMIC


def fields(value, path=()):
    """The leaves of a value with what they hold."""
    if isinstance(value, dict) and value and not is_atomic(path):
        found = {}
        for key, inner in value.items():
            found.update(fields(inner, path + ("f:" + key,)))
        return found
    if isinstance(value, list) and value:
        keys = keys_of(path, value)
        if keys and all(isinstance(item, dict) for item in value):
            found = {}
            for item in value:
                place = path + (element(keys, item),)
                found[place + (".",)] = True
                found.update(fields(item, place))
            return found
    return {path: value}


IDENTITY = {("f:apiVersion",), ("f:kind",), ("f:metadata", "f:name"), ("f:metadata", "f:namespace")}
SYSTEM = {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "deletionTimestamp"}


def owned(obj):
    value = {k: v for k, v in obj.items() if k != "status"}
    value["metadata"] = {k: v for k, v in obj.get("metadata", {}).items() if k not in SYSTEM}
    return {path: inner for path, inner in fields(value).items() if path not in IDENTITY and path != ("f:metadata",)}


def remove(value, path, at=()):
    """Takes the field away, and what is empty then."""
    if not path:
        return
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        key = head[2:]
        if key not in value:
            return
        if not rest:
            del value[key]
            return
        remove(value[key], rest, at + (head,))
        if value[key] in ({}, []):
            del value[key]
    elif isinstance(value, list):
        keys = keys_of(at, value) or []
        for item in list(value):
            if element(keys, item) == head:
                if rest == (".",):
                    value.remove(item)
                else:
                    remove(item, rest, at + (head,))


def merge(live, config, path=()):
    if isinstance(live, dict) and isinstance(config, dict) and not is_atomic(path):
        merged = dict(live)
        for key, inner in config.items():
            merged[key] = merge(live[key], inner, path + ("f:" + key,)) if key in live else copy.deepcopy(inner)
        return merged
    if isinstance(live, list) and isinstance(config, list):
        keys = keys_of(path, live + config)
        if keys:
            mine = {element(keys, item): item for item in config}
            theirs = {element(keys, item): item for item in live}
            return [merge(theirs[name], item, path + (name,)) if name in theirs else copy.deepcopy(item)
                    for name, item in mine.items()] + [item for name, item in theirs.items() if name not in mine]
    return copy.deepcopy(config)


def encode(paths):
    tree = {}
    for path in sorted(paths):
        node = tree
        for part in path:
            node = node.setdefault(part, {})
    return tree


def decode(tree, path=()):
    if not tree:
        return {path} if path else set()
    return set().union(*(decode(inner, path + (name,)) for name, inner in tree.items()))


def managers(obj):
    return {(e["manager"], e["operation"], e.get("subresource", "")): decode(e["fieldsV1"])
            for e in obj.get("metadata", {}).get("managedFields", [])}


def set_managers(obj, api_version, sets):
    old = {(e["manager"], e["operation"], e.get("subresource", "")): e
           for e in obj["metadata"].get("managedFields", [])}
    entries = []
    for (manager, operation, subresource), paths in sorted(sets.items()):
        if not paths:
            continue
        entry = {"manager": manager, "operation": operation, "apiVersion": api_version, "fieldsType": "FieldsV1",
                 "fieldsV1": encode(paths),
                 "time": old.get((manager, operation, subresource), {}).get("time", now())}
        if subresource:
            entry["subresource"] = subresource
        entries.append(entry)
    obj["metadata"]["managedFields"] = entries


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def shown(path):
    """fieldpath.Path.String: .spec.template.spec.containers[name="model"].image"""
    text = ""
    for part in path:
        if part.startswith("k:"):
            inner = json.loads(part[2:])
            text += "[" + ",".join(f"{k}={json.dumps(v)}" for k, v in inner.items()) + "]"
        elif part != ".":
            text += "." + part[2:]
    return text


def conflict_message(conflicts, obj):
    times = {(e["manager"], e["operation"], e.get("subresource", "")): e
             for e in obj["metadata"].get("managedFields", [])}

    def printed(key):
        manager, operation, subresource = key
        text = json.dumps(manager)
        if subresource:
            text += f' with subresource "{subresource}"'
        if operation == "Update":
            text += f" using {times[key]['apiVersion']} at {times[key]['time']}"
        return text

    causes = [{"reason": "FieldManagerConflict", "message": "conflict with " + printed(key), "field": shown(path)}
              for key, path in conflicts]
    if len(conflicts) == 1:
        key, path = conflicts[0]
        return f"Apply failed with 1 conflict: conflict with {printed(key)}: {shown(path)}", causes
    lines = []
    for key in sorted({key for key, _ in conflicts}):
        lines.append(f"conflicts with {printed(key)}:")
        lines += [f"- {shown(path)}" for other, path in conflicts if other == key]
    return f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines), causes


def apply(live, config, manager, force):
    mine = (manager, "Apply", "")
    wanted = owned(config)
    if live is None:
        live = {"apiVersion": config["apiVersion"], "kind": config["kind"],
                "metadata": {"name": config["metadata"]["name"], "namespace": config["metadata"].get("namespace")}}
        if not live["metadata"]["namespace"]:
            del live["metadata"]["namespace"]
    sets = managers(live)
    last = sets.get(mine, set())
    merged = merge(live, config)
    before = owned(live)
    others = set().union(*(paths for key, paths in sets.items() if key != mine))
    for path in sorted(last - set(wanted), key=len, reverse=True):
        # Not what others own, nor an item in which they own something.
        inside = path[:-1] if path[-1] == "." else path
        if path not in others and not (path[-1] == "." and any(other[:len(inside)] == inside for other in others)):
            remove(merged, path)
    after = owned(merged)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    conflicts = [(key, path) for key, paths in sorted(sets.items()) if key != mine for path in sorted(paths & changed)]
    if conflicts and not force:
        message, causes = conflict_message(conflicts, live)
        raise Refusal(409, message, "Conflict", {"causes": causes})
    gone = set(before) - set(after)
    for key in sets:
        if key != mine:
            sets[key] = sets[key] - changed - gone
    sets[mine] = set(wanted)
    set_managers(merged, config["apiVersion"], sets)
    return merged


def update(obj, new, manager, subresource=""):
    mine = (manager, "Update", subresource)
    sets = managers(obj)
    before, after = owned(obj), owned(new)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    gone = set(before) - set(after)
    for key in sets:
        sets[key] = sets[key] - changed - gone
    sets[mine] = (sets.get(mine, set()) | changed) - gone
    set_managers(new, new["apiVersion"], sets)
    return new


# MARK: The objects


def default(obj):
    if obj["kind"] == "Deployment":
        obj.setdefault("spec", {}).setdefault("replicas", 1)
    return obj


def store(key, new):
    old = objects.get(key)
    plain = lambda o: {k: v for k, v in o.items() if k not in ("status", "metadata")}
    meta = new["metadata"]
    if old is None:
        state["uid"] += 1
        meta["uid"] = f"00000000-0000-4000-8000-{state['uid']:012d}"
        meta["creationTimestamp"] = now()
        meta["generation"] = 1
    elif plain(old) != plain(new):
        meta["generation"] = old["metadata"]["generation"] + 1
    if old is not None and old == new:
        return
    state["version"] += 1
    meta["resourceVersion"] = str(state["version"])
    objects[key] = new
    if new["kind"] == "Deployment" and (old is None or old["spec"]["replicas"] != new["spec"]["replicas"]):
        with open(directory / "replicas", "a") as log:
            log.write(f"{new['metadata']['name']} {new['spec']['replicas']}\n")


def reconcile():
    """The controllers of Deployments and autoscalers."""
    settings = control()
    for key, obj in list(objects.items()):
        if obj["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
            wanted = settings.get("load", {}).get(key[3])
            target = ("apps", "deployments", key[2], obj["spec"]["scaleTargetRef"]["name"])
            if wanted is not None and target in objects and objects[target]["spec"]["replicas"] != wanted:
                new = copy.deepcopy(objects[target])
                new["spec"]["replicas"] = wanted
                store(target, update(objects[target], new, "kube-controller-manager", "scale"))
        if obj["kind"] != "Deployment":
            continue
        wanted, generation = obj["spec"]["replicas"], obj["metadata"]["generation"]
        template = json.dumps(obj["spec"].get("template"), sort_keys=True)
        seen = polls.setdefault(key, {"template": None, "looks": 0})
        if seen["template"] != template:
            seen.update(template=template, looks=0)
        seen["looks"] += 1
        after = settings.get("readyAfter", 0)
        ready = wanted if after is not None and seen["looks"] > after else 0
        status = {"observedGeneration": generation, "replicas": wanted, "updatedReplicas": wanted,
                  "readyReplicas": ready, "availableReplicas": ready, "unavailableReplicas": wanted - ready}
        if obj.get("status") != status:
            new = copy.deepcopy(obj)
            new["status"] = status
            store(key, new)


# MARK: HTTP


def kinds():
    missing = set(control().get("missing", []))
    return [kind for kind in KINDS if kind[0] not in missing]


def group_version(group, version):
    return f"{group}/{version}" if group else version


def resources(group, version):
    found = []
    for g, v, resource, kind, namespaced in kinds():
        if (g, v) == (group, version):
            found.append({"name": resource, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind,
                          "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"]})
            if resource == "deployments":
                found.append({"name": "deployments/scale", "singularName": "", "namespaced": True, "group": "autoscaling",
                              "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"]})
    return found


def aggregated(core):
    items = []
    for group in dict.fromkeys(k[0] for k in kinds()):
        if (group == "") != core:
            continue
        versions = []
        for version in dict.fromkeys(k[1] for k in kinds() if k[0] == group):
            found = []
            for g, v, resource, kind, namespaced in kinds():
                if (g, v) != (group, version):
                    continue
                entry = {"resource": resource, "responseKind": {"group": group, "version": version, "kind": kind},
                         "scope": "Namespaced" if namespaced else "Cluster", "singularResource": kind.lower(),
                         "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"]}
                if resource == "deployments":
                    entry["subresources"] = [{"subresource": "scale", "verbs": ["get", "patch", "update"],
                                              "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"}}]
                found.append(entry)
            versions.append({"version": version, "resources": found, "freshness": "Current"})
        items.append({"metadata": {"name": group} if group else {}, "versions": versions})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def openapi(group, version):
    """That the server validates fields itself is all that kubectl looks for."""
    base = f"/apis/{group}/{version}" if group else f"/api/{version}"
    query = [{"name": name, "in": "query", "schema": {"type": "string"}}
             for name in ("dryRun", "fieldManager", "fieldValidation", "force")]
    paths = {}
    for g, v, resource, kind, namespaced in kinds():
        if (g, v) == (group, version):
            place = "/namespaces/{namespace}" if namespaced else ""
            paths[f"{base}{place}/{resource}/{{name}}"] = {
                "patch": {"parameters": query, "responses": {}, "x-kubernetes-action": "patch",
                          "x-kubernetes-group-version-kind": {"group": g, "version": v, "kind": kind}}}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.35.0"}, "paths": paths}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One small segment an answer, not two with a delayed acknowledgement between.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def answer(self, value, code=200, warning=None):
        data = b"" if value is None else json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", getattr(self, "content_type", "application/json"))
        self.send_header("Content-Length", str(len(data)))
        if warning:
            self.send_header("Warning", f'299 - "{warning}"')
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def handle_any(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query))
        self.parts = [part for part in url.path.split("/") if part]
        with lock:
            if self.parts[:1] in (["api"], ["apis"]) and len(self.parts) > 3:
                with open(directory / "requests", "a") as log:
                    log.write(f"{self.command} {self.path}\n")
        try:
            self.content_type = "application/json"
            self.route()
        except Refusal as refusal:
            self.answer(refusal.status, refusal.code)
        except BrokenPipeError:
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any

    def route(self):
        parts = self.parts
        if parts in (["readyz"], ["livez"], ["healthz"]):
            self.check_faults("readyz", None)
            return self.answer("ok")
        if parts == ["version"]:
            return self.answer({"major": "1", "minor": "35", "gitVersion": "v1.35.0"})
        if parts == ["openapi", "v2"]:
            # An empty openapi.v2.Document: no schema, so kubectl checks nothing itself.
            self.content_type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
            return self.answer(None)
        if parts == ["openapi", "v3"]:
            versions = dict.fromkeys((k[0], k[1]) for k in kinds())
            return self.answer({"paths": {
                (f"apis/{g}/{v}" if g else f"api/{v}"): {
                    "serverRelativeURL": f"/openapi/v3/" + (f"apis/{g}/{v}" if g else f"api/{v}")}
                for g, v in versions}})
        if parts[:2] == ["openapi", "v3"]:
            return self.answer(openapi("" if parts[2] == "api" else parts[3], parts[-1]))
        if parts in (["api"], ["apis"]):
            self.check_faults("discovery", None)
            if "APIGroupDiscoveryList" in self.headers.get("Accept", ""):
                self.content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
                return self.answer(aggregated(parts == ["api"]))
            if parts == ["api"]:
                return self.answer({"kind": "APIVersions", "versions": ["v1"]})
            groups = []
            for group in dict.fromkeys(k[0] for k in kinds() if k[0]):
                versions = [{"groupVersion": group_version(group, v), "version": v}
                            for v in dict.fromkeys(k[1] for k in kinds() if k[0] == group)]
                groups.append({"name": group, "versions": versions, "preferredVersion": versions[0]})
            return self.answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        if parts[:1] == ["api"]:
            group, version, rest = "", parts[1], parts[2:]
        elif parts[:1] == ["apis"] and len(parts) > 2:
            group, version, rest = parts[1], parts[2], parts[3:]
        else:
            raise Refusal(404, "the server could not find the requested resource")
        if not rest:
            return self.answer({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version(group, version),
                                "resources": resources(group, version)})
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        known = [k for k in kinds() if k[:3] == (group, version, rest[0])]
        if not known:
            raise Refusal(404, "the server could not find the requested resource")
        self.kind = known[0]
        self.resource(group, version, namespace, rest[0], rest[1] if len(rest) > 1 else None, rest[2:])

    def check_faults(self, resource, name):
        for number, fault in enumerate(control().get("faults", [])):
            fits = (fault.get("resource", resource) == resource and fault.get("name", name) == name
                    and fault.get("verb", self.command) == self.command
                    and fault.get("dryRun", "dryRun" in self.query) == ("dryRun" in self.query)
                    and fault.get("manager", self.query.get("fieldManager")) == self.query.get("fieldManager"))
            if not fits:
                continue
            passed[number] = passed.get(number, 0) + 1
            if passed[number] <= fault.get("skip", 0) or fault.get("cut"):
                continue
            raise Refusal(fault["status"], fault["message"], fault.get("reason"))

    def resource(self, group, version, namespace, resource, name, subresource):
        kind, namespaced = self.kind[3], self.kind[4]
        self.check_faults(resource, name)
        if name is None:
            if self.command == "POST":
                return self.created(group, namespace if namespaced else "", resource)
            if self.command != "GET":
                raise Refusal(405, "the server does not allow this method on the requested resource", "MethodNotAllowed")
            return self.listed(group, version, namespace, resource, kind)
        key = (group, resource, namespace if namespaced else "", name)
        full = f"{resource}.{group}" if group else resource
        with lock:
            reconcile()
            live = objects.get(key)
            if self.command == "GET" and live is None or self.command == "DELETE" and live is None:
                raise Refusal(404, f'{full} "{name}" not found', details={"name": name, "group": group, "kind": resource})
            if subresource == ["scale"]:
                return self.scale(key, live, name, full)
            if self.command == "GET":
                return self.answer(live)
            dry = "dryRun" in self.query
            if self.command == "DELETE":
                if not dry:
                    del objects[key]
                    state["version"] += 1
                    polls.pop(key, None)
                return self.answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                                    "details": {"name": name, "group": group, "kind": resource,
                                                "uid": live["metadata"]["uid"]}})
            if self.headers.get("Content-Type") == "application/json-patch+json":
                return self.answer(self.patched(key, live))
            if self.headers.get("Content-Type") != "application/apply-patch+yaml":
                raise Refusal(415, "the body of the request was in an unknown format", "UnsupportedMediaType")
            if namespaced and ("", "namespaces", "", namespace) not in objects:
                raise Refusal(404, f'namespaces "{namespace}" not found',
                              details={"name": namespace, "kind": "namespaces"})
            config = json.loads(self.body)
            new = default(apply(live, config, self.query["fieldManager"], self.query.get("force") == "true"))
            if kind == "Deployment" and "template" not in new["spec"]:
                raise Refusal(422, f'Deployment.apps "{name}" is invalid: spec.template: Required value')
            if not dry:
                store(key, new)
                reconcile()
                new = objects[key]
            for fault in control().get("faults", []):
                if fault.get("cut") and not dry and fault.get("resource", resource) == resource:
                    self.close_connection = True
                    return self.connection.close()
            self.answer(new, 200 if live else 201, control().get("warnings", {}).get(resource))

    def created(self, group, namespace, resource):
        """What kubectl's client-side apply asks for."""
        with lock:
            new = default(json.loads(self.body))
            key = (group, resource, namespace, new["metadata"]["name"])
            if namespace:
                new["metadata"]["namespace"] = namespace
            empty = {"metadata": {}}
            store(key, update(empty, new, self.query["fieldManager"]))
            self.answer(objects[key], 201)

    def patched(self, key, live):
        """RFC 6902, as far as csaupgrade.UpgradeManagedFieldsPatch goes: replace."""
        new = copy.deepcopy(live)
        for step in json.loads(self.body):
            assert step["op"] == "replace", step
            parts = step["path"].split("/")[1:]
            if parts == ["metadata", "resourceVersion"]:
                if step["value"] != live["metadata"]["resourceVersion"]:
                    raise Refusal(409, "the object has been modified", "Conflict")
                continue
            place = new
            for part in parts[:-1]:
                place = place[part]
            place[parts[-1]] = step["value"]
        store(key, new)
        return objects[key]

    def scale(self, key, live, name, full):
        if live is None:
            raise Refusal(404, f'{full} "{name}" not found')
        if self.command in ("PATCH", "PUT"):
            new = copy.deepcopy(live)
            new["spec"]["replicas"] = json.loads(self.body)["spec"]["replicas"]
            manager = self.headers.get("User-Agent", "").split("/")[0]
            store(key, update(live, new, manager, "scale"))
            live = objects[key]
        return self.answer({"kind": "Scale", "apiVersion": "autoscaling/v1",
                            "metadata": {"name": name, "namespace": key[2],
                                         "resourceVersion": live["metadata"]["resourceVersion"]},
                            "spec": {"replicas": live["spec"]["replicas"]},
                            "status": {"replicas": live["spec"]["replicas"]}})

    def found(self, group, namespace, resource):
        selector = dict(part.split("=", 1) for part in self.query.get("fieldSelector", "").split(",") if "=" in part)
        return {key: obj for key, obj in objects.items()
                if key[:2] == (group, resource) and namespace in ("", key[2])
                and selector.get("metadata.name", key[3]) == key[3]}

    def listed(self, group, version, namespace, resource, kind):
        api_version = group_version(group, version)
        if self.query.get("watch") in ("1", "true"):
            return self.watch(group, namespace, resource, kind, api_version)
        with lock:
            reconcile()
            items = list(self.found(group, namespace, resource).values())
            return self.answer({"kind": kind + "List", "apiVersion": api_version,
                                "metadata": {"resourceVersion": str(state["version"])}, "items": items})

    def watch(self, group, namespace, resource, kind, api_version):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

        def send(type, obj):
            data = json.dumps({"type": type, "object": obj}).encode() + b"\n"
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

        known = {}
        with lock:
            if self.query.get("sendInitialEvents") == "true":
                for key, obj in self.found(group, namespace, resource).items():
                    known[key] = obj
                    send("ADDED", obj)
                send("BOOKMARK", {"kind": kind, "apiVersion": api_version, "metadata": {
                    "resourceVersion": str(state["version"]), "annotations": {"k8s.io/initial-events-end": "true"}}})
            else:
                since = int(self.query.get("resourceVersion") or 0)
                known = {key: obj for key, obj in self.found(group, namespace, resource).items()
                         if int(obj["metadata"]["resourceVersion"]) <= since}
        end = time.time() + float(self.query.get("timeoutSeconds", 300))
        while time.time() < end:
            with lock:
                reconcile()
                current = self.found(group, namespace, resource)
                for key, obj in current.items():
                    if known.get(key) is not obj:
                        send("MODIFIED" if key in known else "ADDED", obj)
                for key in set(known) - set(current):
                    send("DELETED", known[key])
                known = current
            time.sleep(0.05)
        self.wfile.write(b"0\r\n\r\n")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


def end_with_parent():
    """A test run that is killed cannot end it."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def main():
    for name in ("default", "scoring", "kube-system"):
        store(("", "namespaces", "", name),
              {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}})
    server = Server(("127.0.0.1", 0), Handler)
    temporary = directory / "port.new"
    temporary.write_text(str(server.server_address[1]))
    temporary.rename(directory / "port")
    threading.Thread(target=end_with_parent, daemon=True).start()
    server.serve_forever()


main()
