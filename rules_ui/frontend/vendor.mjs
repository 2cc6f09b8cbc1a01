// Copies what the pages use out of node_modules into ../static/vendor, and writes the licence manifest.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const out = join(import.meta.dirname, "../static/vendor");
const modules = join(import.meta.dirname, "node_modules");
const files = {
  "htmx.min.js": ["htmx.org", "dist/htmx.min.js"],
  "hx-sse.min.js": ["htmx.org", "dist/ext/hx-sse.min.js"],
  "tabler.min.css": ["@tabler/core", "dist/css/tabler.min.css"],
};
const icons = [
  "activity", "adjustments", "alert-triangle", "arrow-down", "arrow-left", "arrow-right", "arrow-up",
  "building-store", "cash-register", "check", "chevron-right", "circle-check", "circle-dashed", "clock",
  "coin", "device-desktop", "external-link", "history", "id-badge-2", "info-circle", "key", "language",
  "layout-dashboard", "logout", "phone-call", "plus", "receipt", "refresh", "rocket", "search", "send",
  "server", "snowflake", "sparkles", "star", "sun", "tags", "user-check", "user-plus", "user-x", "users",
  "x", "zzz",
];

mkdirSync(out, { recursive: true });
const licences = [];
const manifest = {};
// @tabler/core ships no licence file: its notice heads its style sheet, the text is the one of its sister package.
const licence = (name) => {
  if (name !== "@tabler/core") return readFileSync(join(modules, name, "LICENSE"), "utf8");
  const notice = readFileSync(join(modules, name, "dist/css/tabler.css"), "utf8").match(/\/\*!([\s\S]*?)\*\//)[1];
  const mit = readFileSync(join(modules, "@tabler/icons/LICENSE"), "utf8");
  return `${notice.replace(/^\s*\* ?/gm, "").trim()}\n\n${mit.slice(mit.indexOf("Permission is"))}`;
};
const note = (name) => {
  const meta = JSON.parse(readFileSync(join(modules, name, "package.json")));
  licences.push(`${name} ${meta.version} — ${meta.license}\n\n${licence(name).trim()}\n`);
  return meta.version;
};
const write = (name, text, source) => {
  writeFileSync(join(out, name), text);
  manifest[name] = { ...source, sha256: createHash("sha256").update(text).digest("hex") };
};

const versions = Object.fromEntries(["@tabler/core", "@tabler/icons", "htmx.org"].map((name) => [name, note(name)]));
for (const [name, [from, path]] of Object.entries(files)) {
  const text = readFileSync(join(modules, from, path), "utf8").replace(/\n?\/[/*]# sourceMappingURL=.*$/m, "");
  write(name, text, { package: from, version: versions[from], path });
}
const symbols = icons.map((name) => {
  const svg = readFileSync(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
  const body = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${body}</symbol>`;
});
write("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`, {
  package: "@tabler/icons", version: versions["@tabler/icons"], path: "icons/outline",
});
writeFileSync(join(out, "LICENSES.txt"), licences.join("\n----\n\n"));
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
