// The desk with scripts: single keys (only where they were turned on) and text that keeps itself.
// Without it every page does the same by links and forms.

const all = (what, where = document) => [...where.querySelectorAll(what)];
let touched = Date.now();
for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, () => { touched = Date.now(); }, true);

// Single keys. None of them sends or shares anything.
function move(step) {
  const rows = all(".queue tbody th a");
  let at = rows.indexOf(document.activeElement);
  if (at < 0) at = rows.findIndex((row) => row.ariaCurrent);
  rows[Math.min(Math.max(at + step, 0), rows.length - 1)]?.focus();
}

function press(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (target.closest("input, textarea, select")) return;
  if (key === "j" || key === "k") return move(key === "j" ? 1 : -1);
  const found = all(`[data-key="${CSS.escape(key)}"]`).find((one) => one.getClientRects().length);
  if (!found) return;
  event.preventDefault();
  found.click();
}
if (document.getElementById("desk-js").dataset.keys) addEventListener("keydown", press);

// What is being typed is kept, sealed to its writer, a moment after the last stroke.
for (const form of all("form[data-draft]")) {
  const field = form.querySelector("textarea"), note = form.querySelector("[data-draft-note]");
  let kept = field?.value, timer, sent = false;
  const keep = async () => {
    clearTimeout(timer);
    const text = field.value, body = new FormData();
    if (sent || text === kept) return;
    for (const name of ["csrfmiddlewaretoken", "place"]) body.set(name, form.elements[name].value);
    body.set("text", text);
    const how = { method: "POST", body, headers: { "X-Draft": "1" }, keepalive: text.length < 15000 };
    const answer = await fetch(form.dataset.draft, how).catch(() => ({}));
    if (answer.status !== 204) return;
    kept = text;
    if (note) note.textContent = form.dataset.kept;
  };
  field?.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 3000); });
  form.addEventListener("submit", () => { sent = true; });
  if (field) addEventListener("visibilitychange", () => document.hidden && keep());
}

// A visit that nobody touches must end by itself, so the count does not ask for ever.
addEventListener("htmx:before:request", (event) => {
  const idle = document.hidden || Date.now() - touched > 300000;
  if (event.target.id === "count" && idle) event.preventDefault();
});
addEventListener("htmx:after:swap", () => {
  const row = document.activeElement?.closest(".queue tbody tr");
  if (!row) return;
  for (const one of all(".queue tbody tr")) {
    one.classList.toggle("on", one === row);
    one.querySelector("th a").ariaCurrent = one === row ? "true" : null;
  }
  document.getElementById("peek").scrollIntoView({ block: "nearest" });
});
