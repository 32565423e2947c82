/// The page `/docs`: the columns of a model as a form, from `/openapi.json`, and the answer to a row. Names and answers
/// are only ever set as text.
enum DocsPage {
  /// What the page may do: ask this server, and nothing else.
  static let policy = "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"

  static let html = #"""
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Model</title>
    <style>
      body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem; color: #1c1c1c; }
      [hidden] { display: none !important; }
      label { display: grid; grid-template-columns: 14rem 1fr; gap: 1rem; margin: .3rem 0; align-items: center; }
      label span { overflow-wrap: anywhere; }
      input, select, button { font: inherit; padding: .3rem .5rem; }
      button { margin: 1rem 0; }
      pre { background: #f3f3f3; padding: 1rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
      small { color: #5a5a5a; }
    </style>
    <h1 id="name">Model</h1>
    <label id="choice" hidden><span>model</span><select id="models"></select></label>
    <p id="about"></p>
    <form id="form"></form>
    <pre id="answer" aria-live="polite" hidden></pre>
    <p><small>An empty field is a missing value. <a href="openapi.json">openapi.json</a> describes every request.</small></p>
    <script>
      const element = (name, text) => {
        const made = document.createElement(name);
        if (text !== undefined) made.textContent = text;
        return made;
      };
      const types = (schema) => [].concat(schema.type || []);
      const field = (name, schema, example) => {
        const row = element("label");
        row.append(element("span", name));
        let input;
        if (schema.enum) {
          input = element("select");
          for (const value of schema.enum) {
            const option = element("option", value === null ? "" : value);
            option.selected = value === example;
            input.append(option);
          }
        } else {
          input = element("input");
          if (!types(schema).includes("string")) input.inputMode = "decimal";
          input.value = example === undefined || example === null ? "" : String(example);
        }
        row.append(input);
        return [row, () => read(schema, input.value)];
      };
      const read = (schema, text) => {
        if (text === "") return null;
        if (schema.enum || types(schema).includes("string")) return text;
        if (types(schema).includes("boolean")) return text === "true" || text === "1";
        const number = Number(text);
        return Number.isNaN(number) ? text : number;
      };
      const show = (text) => {
        const answer = document.getElementById("answer");
        answer.textContent = text;
        answer.hidden = false;
      };
      const named = (api, schema) => api.components.schemas[schema.$ref.split("/").pop()];
      // The models, by the paths on which rows of them are predicted.
      const models = (api) => Object.keys(api.paths).filter((path) => path.endsWith(":predict")).sort();
      const fill = (api, path) => {
        const rows = named(api, api.paths[path].post.requestBody.content["application/json"].schema);
        const row = named(api, rows.properties.instances.items);
        const form = document.createElement("form");
        form.id = "form";
        const values = row.required.map((name) => {
          const [label, value] = field(name, row.properties[name], row.example[name]);
          form.append(label);
          return [name, value];
        });
        form.append(element("button", "Predict"));
        form.addEventListener("submit", async (event) => {
          event.preventDefault();
          const instance = Object.fromEntries(values.map(([name, value]) => [name, value()]));
          try {
            const response = await fetch(path.slice(1), {
              method: "POST", headers: { "Content-Type": "application/json" },
              body: JSON.stringify({ instances: [instance] }),
            });
            show(JSON.stringify(await response.json(), null, 2));
          } catch (error) {
            show(String(error));
          }
        });
        document.getElementById("form").replaceWith(form);
        document.getElementById("answer").hidden = true;
      };
      const start = async () => {
        const api = await (await fetch("openapi.json")).json();
        document.title = api.info.title;
        document.getElementById("name").textContent = api.info.title + " " + api.info.version;
        document.getElementById("about").textContent = api.info.description;
        const paths = models(api);
        const choice = document.getElementById("models");
        for (const path of paths) {
          const option = element("option", decodeURIComponent(path.slice("/v1/models/".length, -":predict".length)));
          option.value = path;
          choice.append(option);
        }
        document.getElementById("choice").hidden = paths.length < 2;
        choice.addEventListener("change", () => fill(api, choice.value));
        if (paths.length) fill(api, paths[0]);
      };
      start().catch((error) => show(String(error)));
    </script>
    </html>
    """#
}
