// The code editor: <code-box> around a textarea. Without this script the textarea stands alone and works as well.
// It draws into a shadow root, so that a morphed page keeps it and its styles need no inline style element.
import { basicSetup } from "codemirror";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { forceLinting, lintGutter, linter } from "@codemirror/lint";
import { EditorState, Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { PHRASES } from "./code-box-words.mjs";

const theme = EditorView.theme({
  "&": { fontSize: ".8125rem", border: "1px solid var(--line-strong)", borderRadius: "6px", backgroundColor: "var(--paper)", maxHeight: "40rem" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { overflow: "auto", fontFamily: 'ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace', lineHeight: "1.55" },
  ".cm-gutters": { backgroundColor: "var(--ground)", color: "var(--ink-faint)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--accent-wash)" },
  ".cm-panels": { fontFamily: "inherit", color: "var(--ink)" },
});
const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "#0b5a54" },
  { tag: tags.string, color: "#8a2f1b" },
  { tag: tags.number, color: "#1f4aa8" },
  { tag: [tags.bool, tags.null], color: "#7a2a8c" },
]);

const spokenName = (textarea) => {
  const own = textarea.getAttribute("aria-label");
  if (own) return own;
  const by = (textarea.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean);
  const told = by.map((id) => document.getElementById(id)?.textContent.trim()).filter(Boolean).join(" ");
  return told || textarea.labels?.[0]?.textContent.trim() || "JSON";
};

class CodeBox extends HTMLElement {
  connectedCallback() {
    const textarea = this.querySelector("textarea");
    if (this.view || !textarea) return;
    this.textarea = textarea;
    const root = this.attachShadow({ mode: "open" });
    this.served = textarea.defaultValue;
    this.view = new EditorView({ root, parent: root, doc: textarea.value, extensions: this.extensions() });
    this.watcher = new MutationObserver(() => this.takeOver());
    this.watcher.observe(this, { childList: true, characterData: true, subtree: true });
    textarea.addEventListener("focus", () => this.view.focus());
  }

  extensions() {
    const { textarea } = this;
    const locked = textarea.readOnly || textarea.disabled;
    return [
      basicSetup, json(), theme, syntaxHighlighting(colours), EditorView.lineWrapping, lintGutter(),
      linter(jsonParseLinter(), { delay: 300 }),
      linter((view) => this.marks(view.state.doc), { delay: 0 }),
      EditorView.contentAttributes.of({ "aria-label": spokenName(textarea), spellcheck: "false", tabindex: "0" }),
      EditorState.readOnly.of(locked),
      document.documentElement.lang.startsWith("zh") ? EditorState.phrases.of(PHRASES) : [],
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        textarea.value = update.state.doc.toString();
        if (!update.transactions.some((one) => one.annotation(Transaction.userEvent) === "served")) {
          this.edited = true;
          textarea.dispatchEvent(new Event("input", { bubbles: true }));
        }
      }),
    ];
  }

  // What the server found: [{line, last_line?, severity: "error"|"warning"|"info", message}], lines from 1.
  // Once the text is edited they would stand at the wrong lines.
  marks(doc) {
    const told = this.querySelector("script.code-marks");
    if (!told || this.edited) return [];
    return JSON.parse(told.textContent).filter((mark) => mark.line >= 1 && mark.line <= doc.lines).map((mark) => {
      const last = doc.line(Math.min(Math.max(mark.last_line ?? mark.line, mark.line), doc.lines));
      const first = doc.line(mark.line);
      const from = first.from + first.text.search(/\S|$/);
      return { from, to: Math.max(from, last.to), severity: mark.severity ?? "error", message: mark.message };
    });
  }

  // A morphed page has another text or other marks: the server's text wins, and undo brings one's own back.
  takeOver() {
    const served = this.textarea.defaultValue;
    if (served !== this.served) {
      this.served = served;
      this.edited = false;
      this.replace(served);
    }
    forceLinting(this.view);
  }

  replace(text) {
    const old = this.view.state.doc.toString();
    if (old === text) return;
    let start = 0;
    let end = 0;
    const shorter = Math.min(old.length, text.length);
    while (start < shorter && old[start] === text[start]) start++;
    while (end < shorter - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
    const changes = { from: start, to: old.length - end, insert: text.slice(start, text.length - end) };
    this.view.dispatch({ changes, userEvent: "served" });
  }

  reveal(line) {
    const { doc } = this.view.state;
    const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
    this.view.dispatch({ selection: { anchor: at.from, head: at.to }, effects: EditorView.scrollIntoView(at.from, { y: "center" }) });
    this.scrollIntoView({ block: "nearest" });
    this.view.focus();
  }
}

customElements.define("code-box", CodeBox);
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-code-line]");
  const box = opener && document.querySelector("code-box");
  if (!box?.view) return;
  event.preventDefault();
  box.reveal(Number(opener.dataset.codeLine));
});
