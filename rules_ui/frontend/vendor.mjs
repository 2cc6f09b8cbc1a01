// Builds what the pages use out of node_modules into ../static/vendor, and writes the licence manifest.
// With --check it changes nothing, and fails if what stands there is not what it would write.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const out = join(import.meta.dirname, "../static/vendor");
const modules = join(import.meta.dirname, "node_modules");
const files = {
  "htmx.min.js": ["htmx.org", "dist/htmx.min.js"],
  "hx-sse.min.js": ["htmx.org", "dist/ext/hx-sse.min.js"],
  "tabler.min.css": ["@tabler/core", "dist/css/tabler.min.css"],
};
const bundles = {
  "codemirror.min.js": ["codemirror", "code-box.mjs"],
  "echarts.min.js": ["echarts", "echarts.mjs"],
};
const icons = [
  "activity", "adjustments", "alert-circle", "alert-triangle", "archive", "arrow-back-up", "arrow-down",
  "arrow-left", "arrow-right", "arrow-up", "arrows-exchange", "ban", "barcode", "bell", "bolt", "braces",
  "bug", "building-store", "bulb", "cake", "calendar", "calendar-time", "cash", "cash-register", "category",
  "chart-bar", "chart-line", "check", "chevron-down", "chevron-left", "chevron-right", "chevron-up",
  "circle-check", "circle-dashed", "circle-x", "clipboard", "clipboard-list", "clock", "code", "coin", "copy",
  "credit-card", "database", "device-desktop", "device-floppy", "dots", "download", "external-link", "eye",
  "file-import", "file-text", "filter", "flask", "gift", "git-branch", "git-compare", "hand-stop",
  "heart-rate-monitor", "history", "hourglass", "id-badge-2", "info-circle", "key", "language",
  "layout-dashboard", "list-check", "list-details", "lock", "lock-open", "logout", "mail", "map-pin",
  "message", "minus", "pencil", "percentage", "phone", "phone-call", "player-pause", "player-play",
  "player-stop", "plug", "plus", "qrcode", "receipt", "refresh", "report-analytics", "rocket", "route",
  "scale", "search", "send", "server", "settings", "shield-check", "sitemap", "snowflake", "sparkles", "star",
  "sun", "table", "tags", "target", "template", "test-pipe", "ticket", "tool", "trash", "trending-down",
  "trending-up", "upload", "user-check", "user-plus", "user-x", "users", "users-group", "versions", "wallet",
  "wand", "x", "zzz",
];

const sources = ["package-lock.json", "vendor.mjs", "code-box.mjs", "code-box-words.mjs", "echarts.mjs"];

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const checking = process.argv.includes("--check");
const made = {};
const manifest = {};
const versions = {};

const version = (name) => (versions[name] ??= JSON.parse(readFileSync(join(modules, name, "package.json"))).version);
const write = (name, text, source) => {
  made[name] = text;
  manifest[name] = { ...source, sha256: sha256(text) };
};
// @tabler/core ships no licence file: its notice heads its style sheet, the text is the one of its sister package.
const licence = (name) => {
  const texts = ["LICENSE", "LICENSE.txt", "NOTICE"].map((file) => join(modules, name, file)).filter(existsSync);
  if (texts.length) return texts.map((file) => readFileSync(file, "utf8").trim()).join("\n\n");
  const notice = readFileSync(join(modules, name, "dist/css/tabler.css"), "utf8").match(/\/\*!([\s\S]*?)\*\//)[1];
  const mit = readFileSync(join(modules, "@tabler/icons/LICENSE"), "utf8");
  return `${notice.replace(/^\s*\* ?/gm, "").trim()}\n\n${mit.slice(mit.indexOf("Permission is"))}`;
};
const note = (name) => {
  const meta = JSON.parse(readFileSync(join(modules, name, "package.json")));
  return `${name} ${version(name)} — ${meta.license}\n\n${licence(name).trim()}\n`;
};
const packageOf = (path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
const pack = async (entry) => {
  const built = await build({
    entryPoints: [join(import.meta.dirname, entry)], absWorkingDir: import.meta.dirname, bundle: true, minify: true,
    format: "iife", target: "es2022", legalComments: "none", metafile: true, write: false,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const [output] = Object.values(built.metafile.outputs);
  const used = Object.entries(output.inputs).filter(([, input]) => input.bytesInOutput).map(([path]) => packageOf(path));
  const names = [...new Set(used.filter(Boolean))].sort();
  return [built.outputFiles[0].text, Object.fromEntries(names.map((name) => [name, version(name)]))];
};

for (const [name, [from, path]] of Object.entries(files)) {
  const text = readFileSync(join(modules, from, path), "utf8").replace(/\n?\/[/*]# sourceMappingURL=.*$/m, "");
  write(name, text, { package: from, version: version(from), path });
}
for (const [name, [from, entry]] of Object.entries(bundles)) {
  const [text, holds] = await pack(entry);
  write(name, text, { package: from, version: version(from), path: entry, holds });
}
const symbols = icons.map((name) => {
  const svg = readFileSync(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
  const body = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${body}</symbol>`;
});
write("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`, {
  package: "@tabler/icons", version: version("@tabler/icons"), path: "icons/outline",
});

made["LICENSES.txt"] = Object.keys(versions).sort().map(note).join("\n----\n\n");
const madeFrom = Object.fromEntries(sources.map((name) => [name, sha256(readFileSync(join(import.meta.dirname, name)))]));
made["manifest.json"] = JSON.stringify({ files: manifest, made_from: madeFrom }, null, 2) + "\n";

mkdirSync(out, { recursive: true });
const stands = (name) => existsSync(join(out, name)) && readFileSync(join(out, name), "utf8") === made[name];
const changed = Object.keys(made).filter((name) => !stands(name));
if (!checking) for (const name of changed) writeFileSync(join(out, name), made[name]);
console.log(changed.length ? `${checking ? "would change" : "written"}: ${changed.join(", ")}` : "all as it stands");
process.exitCode = checking && changed.length ? 1 : 0;
