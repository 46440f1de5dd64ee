/* The keyboard. Off in fields, with modifier keys, and where the reader switched single keys off. No key ever signs. */

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const PLACES = { w: "home", h: "home", m: "models", i: "models", v: "reviews", r: "reviews", f: "findings", e: "evaluations", d: "decisions", a: "events", p: "policy" };
const KEYS_OFF = "single-keys-off";
let waitingForPlace = false;

function keysAreOff() {
  try { return localStorage.getItem(KEYS_OFF) === "yes"; } catch { return false; }
}

function rowsOfPage() {
  return all("[data-keys] > *").filter((row) => row.offsetParent !== null && row.querySelector("a[href]"));
}

/* On a page that one reads from top to bottom, j and k go from section to section. */
function moveSection(step) {
  const heads = all("[data-keys-sections] section :is(h1, h2)").filter((head) => head.offsetParent !== null);
  const at = heads.indexOf(document.activeElement);
  const next = heads[Math.min(heads.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : heads.length - 1) : at + step))];
  if (!next) return;
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

function move(step) {
  const rows = rowsOfPage();
  if (!rows.length) { moveSection(step); return; }
  const at = rows.findIndex((row) => row.classList.contains("is-focus"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step))];
  rows.forEach((row) => row.classList.toggle("is-focus", row === next));
  const link = next.querySelector("a[href]");
  link.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

/* The box of the row at which j and k are. */
function tick() {
  document.querySelector(".is-focus input[type=checkbox]")?.click();
}

/* The form that waits for one: its first field, and nothing is sent. */
function focusOn(selector) {
  const field = document.querySelector(selector);
  field?.focus({ preventScroll: true });
  field?.scrollIntoView({ block: "center" });
}

function go(place) {
  const link = all(".cs-nav a[data-place]").find((entry) => entry.dataset.place === PLACES[place]);
  if (link) location.assign(link.href);
}

function press(event) {
  const help = document.getElementById("keyboard-help");
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || keysAreOff()) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  const { key } = event;
  if (waitingForPlace) {
    waitingForPlace = false;
    if (PLACES[key]) { event.preventDefault(); go(key); return; }
  }
  if (key === "/") document.querySelector("[data-search]")?.focus();
  else if (key === "g") { waitingForPlace = true; setTimeout(() => { waitingForPlace = false; }, 1500); return; }
  else if (key === "j") move(1);
  else if (key === "k") move(-1);
  else if (key === "o") document.querySelector(".is-focus a[href]")?.click();
  else if (key === "x") tick();
  else if (key === "s") focusOn("[data-decision] input:not([type=hidden])");
  else if (key === "c") focusOn("[data-comment] textarea");
  else if (key === "n") document.querySelector("[data-next]")?.click();
  else if (key === "?") help?.showModal();
  else if ("123".includes(key)) document.querySelector(`.cs-gate__env[data-key="${key}"]`)?.click();
  else return;
  event.preventDefault();
}

/* Ctrl-K or Cmd-K, in fields as well: go to anything. Enter opens the first thing that was found. */
function openPalette(event) {
  const palette = document.getElementById("palette");
  if (!palette || event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (palette.open) { palette.close(); return; }
  palette.showModal();
  palette.querySelector("input").select();
}

function startPalette(palette) {
  const form = palette.querySelector("form[role=search]");
  form.addEventListener("submit", (event) => {
    const first = form.querySelector(".cs-found a");
    if (!first) return;
    event.preventDefault();
    location.assign(first.href);
  });
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
  all("[data-palette]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => { palette.showModal(); form.querySelector("input").select(); });
  });
}

function startKeys() {
  document.addEventListener("keydown", press);
  document.addEventListener("keydown", openPalette);
  document.addEventListener("keydown", walkFound);
  all("[data-keys-switch]").forEach((box) => {
    box.checked = !keysAreOff();
    box.addEventListener("change", () => {
      if (box.checked) localStorage.removeItem(KEYS_OFF); else localStorage.setItem(KEYS_OFF, "yes");
    });
  });
  all("[data-keys-help]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => document.getElementById("keyboard-help")?.showModal());
  });
}

/* Down and up walk through what the search box offers; Enter in the box itself opens the whole list. */
function walkFound(event) {
  const search = event.target.closest(".cs-search");
  if (!search || !["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return;
  const links = all(".cs-found a", search);
  if (event.key === "Escape") { if (!search.closest("dialog")) search.querySelector("[data-found]")?.replaceChildren(); return; }
  if (!links.length) return;
  const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  (links[at] ?? search.querySelector("input")).focus();
  event.preventDefault();
}

startKeys();
all("#palette").forEach(startPalette);
