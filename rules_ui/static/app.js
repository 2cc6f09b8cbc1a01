// Small manners that HTML has no words for: menus that close, forms that are not sent twice, dates said in words, a stream gone quiet.
(() => {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard?.writeText(document.getElementById(copy.dataset.copy).textContent.trim());
      copy.textContent = copy.dataset.copied;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    if (event.key === "/" && !event.target.closest("input, textarea, select")) {
      const search = document.querySelector("[data-search]");
      if (search) {
        event.preventDefault();
        search.focus();
      }
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent && !form.hasAttribute("hx-post")) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    // A file may take its time; whatever was sent without an answer may be sent again.
    setTimeout(() => delete form.dataset.sent, form.enctype === "multipart/form-data" ? 120000 : 5000);
  });
  // A page that Back brings out again as it was left is sent anew.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.forms) delete form.dataset.sent;
  });
  // A change that waited for another one's answer begins from what that answer showed.
  document.addEventListener("htmx:before:request", (event) => {
    const { request, sourceElement } = event.detail.ctx ?? {}, body = request?.body;
    const ofForm = sourceElement?.matches?.("form.edit, #pushes");
    const newest = document.getElementById("condition") ?? (ofForm && document.querySelector("#pushes [name=based_on]"));
    if (newest && body instanceof URLSearchParams && body.has("based_on")) body.set("based_on", newest.value);
  });
  // Code is saved when it is left, as every field is.
  document.addEventListener("focusout", (event) => {
    const form = event.target.closest?.("code-box")?.closest("form[hx-post]"), text = form?.querySelector("textarea");
    if (text && text.value !== text.defaultValue && !form.contains(event.relatedTarget)) form.requestSubmit();
  });
  // A value that was typed beside boxes stands among them now: left in its field it would be added for ever.
  document.addEventListener("htmx:after:swap", (event) => {
    const form = event.detail.ctx?.sourceElement;
    const more = form?.matches?.("form.edit") && !form.closest(".is-wrong") ? form.querySelector(".edit-more") : null;
    if (more) more.value = "";
  });
  // What could not be sent, or was answered by a failure, is said in sight and sent once more on demand.
  const refused = document.getElementById("refused"), unsent = new Set();
  const failed = (event) => {
    const { request, response, sourceElement } = event.detail.ctx ?? {};
    if (!request || request.method === "GET") return;
    if (!response || response.status >= 500) unsent.add(sourceElement);
    if (!response) refused?.replaceChildren(document.getElementById("unreached").content.cloneNode(true));
  };
  document.addEventListener("htmx:error", failed);
  document.addEventListener("htmx:response:error", failed);
  document.addEventListener("htmx:after:swap", (event) => {
    const { request, response, sourceElement } = event.detail.ctx ?? {};
    if (!request || request.method === "GET" || !(response?.status < 400)) return;
    unsent.delete(sourceElement);
    if (![...unsent].some((one) => one.isConnected)) refused?.replaceChildren();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-again]")) return;
    const forms = [...unsent].filter((one) => one.isConnected);
    unsent.clear();
    for (const form of forms) form.requestSubmit?.();
  });
  // What is typed or scanned next takes the place of what nobody was found by.
  document.querySelector("[data-anew]")?.select();
  // What was refused is said at its field, wherever on the page that is.
  document.querySelector("main form [aria-invalid='true']")?.focus();
  // A browser draws dates in its own language: what a field holds is said below it in the reader's.
  const dates = "input[type='date'], input[type='datetime-local']";
  const told = (field) => {
    const timed = field.type === "datetime-local" && { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const at = new Date(timed ? `${field.value}Z` : field.value);
    if (isNaN(at)) return "";
    const day = { year: "numeric", month: "short", day: "numeric", weekday: "short", timeZone: "UTC" };
    const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
    return new Intl.DateTimeFormat(language, { ...day, ...timed }).format(at);
  };
  const tell = (field) => {
    let below = field.nextElementSibling;
    if (!below?.matches(".date-told")) {
      below = Object.assign(document.createElement("output"), { className: "date-told" });
      if (field.id) below.setAttribute("for", field.id);
      field.after(below);
    }
    if (below.textContent !== told(field)) below.textContent = told(field);
  };
  const tellAll = () => document.querySelectorAll(dates).forEach(tell);
  document.addEventListener("input", (event) => event.target.matches(dates) && tell(event.target));
  document.addEventListener("htmx:after:swap", tellAll);
  tellAll();
  document.addEventListener("htmx:sse:error", () => document.body.classList.add("stream-lost"));
  document.addEventListener("htmx:sse:after:connection", () => document.body.classList.remove("stream-lost"));
})();
