/** Shows the API's description. Everything is put in as text; nothing becomes markup. */

const METHODS = ["get", "post", "put", "delete"];

const description = await load();
if (description !== null) {
  show(description);
}

/** Return the description, or null after saying why there is none. */
async function load() {
  try {
    const response = await fetch("openapi.json");
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    return await response.json();
  } catch (error) {
    document.getElementById("about").textContent = `The description could not be read: ${error.message}`;
    return null;
  }
}

function show({ info, paths, components }) {
  document.title = `${info.title} API`;
  document.getElementById("title").textContent = `${info.title} API ${info.version}`;
  document.getElementById("about").textContent = info.description;
  const sections = new Map();
  for (const path of Object.keys(paths).sort()) {
    for (const method of METHODS.filter((name) => name in paths[path])) {
      const operation = paths[path][method];
      const tag = operation.tags?.[0] ?? "other";
      sections.set(tag, [...(sections.get(tag) ?? []), entry(method, path, operation, components)]);
    }
  }
  for (const [tag, entries] of sections) {
    document.getElementById("operations").append(element("section", {}, element("h2", {}, tag), ...entries));
  }
}

function entry(method, path, operation, components) {
  return element(
    "details",
    {},
    element(
      "summary",
      {},
      element("span", { className: "method" }, method.toUpperCase()),
      element("code", {}, path),
      element("span", { className: "about" }, operation.summary ?? ""),
    ),
    element("p", {}, operation.description ?? ""),
    parameters(operation.parameters ?? []),
    bodies(operation.requestBody?.content, components),
    responses(operation.responses, components),
  );
}

function parameters(list) {
  if (list.length === 0) {
    return "";
  }
  const rows = list.map(({ name, in: place, description }) =>
    row(element("code", {}, name), place, description ?? ""),
  );
  return element("table", {}, element("caption", {}, "Parameters"), element("tbody", {}, ...rows));
}

/** What may be sent, each type of content with its schema. */
function bodies(content, components) {
  if (!content) {
    return "";
  }
  const rows = Object.entries(content).map(([type, media]) =>
    row(element("code", {}, type), media.schema ? schema(media.schema, components) : ""),
  );
  return element("table", {}, element("caption", {}, "Body"), element("tbody", {}, ...rows));
}

function responses(byStatus, components) {
  const rows = Object.entries(byStatus).map(([status, { description, content }]) => {
    const [type, media] = Object.entries(content ?? {})[0] ?? ["", null];
    const shown = media?.schema && status.startsWith("2") ? schema(media.schema, components) : "";
    return row(element("code", {}, status), description, element("div", {}, type, shown));
  });
  return element("table", {}, element("caption", {}, "Answers"), element("tbody", {}, ...rows));
}

/** A schema as indented JSON, its named parts put in place one level deep. */
function schema(given, components) {
  const seen = new Set();
  const expand = (key, value) => {
    const name = value?.$ref?.split("/").pop();
    if (!name || seen.has(name)) {
      return value;
    }
    seen.add(name);
    return components.schemas[name];
  };
  return element("pre", {}, JSON.stringify(given, expand, 2));
}

function row(...cells) {
  return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
