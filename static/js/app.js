/* What HTML and htmx cannot do alone. Every page works without this file; nothing here decides anything. */

const say = (text) => { document.getElementById("say")?.replaceChildren(text); };
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/* Copy buttons: <button data-copy="text">. */
async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: button.dataset.copy });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  say("Copied");
  button.classList.add("is-copied");
  const use = button.querySelector("use");
  const before = use?.getAttribute("href");
  use?.setAttribute("href", "#i-check");
  setTimeout(() => {
    button.classList.remove("is-copied");
    if (before) use.setAttribute("href", before);
    say("");
  }, 2000);
}

/* Toasts leave after 6 s, not while hovered or focused; failures stay until closed. */
function startToast(toast) {
  if (toast.dataset.started) return;
  toast.dataset.started = "yes";
  const leave = () => { toast.classList.add("is-leaving"); setTimeout(() => toast.remove(), 200); };
  const close = toast.querySelector("[data-dismiss]");
  if (close) { close.hidden = false; close.addEventListener("click", leave); }
  if ("stay" in toast.dataset) return;
  let timer = setTimeout(leave, 6000);
  const hold = () => clearTimeout(timer);
  const resume = () => { hold(); timer = setTimeout(leave, 6000); };
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", resume);
  toast.addEventListener("focusout", resume);
}

/* Conditions of an approval. The two spare rows are for browsers without this file; here one is kept as the pattern. */
function startConditions(fieldset) {
  if (fieldset.dataset.started) return;
  fieldset.dataset.started = "yes";
  const add = fieldset.querySelector("[data-add-condition]");
  const spares = all("[data-spare]", fieldset);
  const pattern = spares[0].cloneNode(true);
  spares.forEach((row) => row.remove());
  const rows = () => all(".cs-cond", fieldset);
  const number = () => rows().forEach((row, index) => {
    const [text, due, remove] = row.querySelectorAll("input, input, button");
    text.setAttribute("aria-label", `Condition ${index + 1}`);
    due.setAttribute("aria-label", `Condition ${index + 1}, due`);
    row.querySelector("select")?.setAttribute("aria-label", `Condition ${index + 1}, owed by`);
    remove.setAttribute("aria-label", `Remove condition ${index + 1}`);
    remove.hidden = false;
  });
  const append = (text = "", due = "", owner = "") => {
    const row = pattern.cloneNode(true);
    row.removeAttribute("data-spare");
    add.before(row);
    const fields = row.querySelectorAll("input");
    fields[0].value = text;
    fields[1].value = due;
    const owners = row.querySelector("select");
    if (owners && owner) owners.value = owner;
    number();
    return row;
  };
  add.hidden = false;
  add.addEventListener("click", () => {
    append().querySelector("input").focus();
    fieldset.dispatchEvent(new Event("input", { bubbles: true }));
  });
  fieldset.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove-condition]");
    if (!remove) return;
    remove.closest(".cs-cond").remove();
    number();
    (rows().at(-1)?.querySelector("input") ?? add).focus();
    fieldset.dispatchEvent(new Event("input", { bubbles: true }));
  });
  fieldset.addEventListener("cs:fill", (event) => {
    rows().forEach((row) => row.remove());
    event.detail.forEach(([text, due, owner]) => append(text, due, owner));
    if (!rows().length) append();
  });
  if (rows().length) number(); else append();
}

/* The signing button says what it will do. */
function startDecision(button) {
  const form = button.form;
  if (!form || button.dataset.started) return;
  button.dataset.started = "yes";
  const label = document.createElement("span");
  const plain = button.textContent.trim();
  const icon = button.querySelector("svg");
  button.replaceChildren(...(icon ? [icon, label] : [label]));
  const words = () => {
    const conditions = all('[name="condition_text"]', form).filter((field) => field.value.trim()).length;
    const counted = conditions === 1 ? "1 condition" : `${conditions} conditions`;
    return {
      approve: "Sign: approve",
      approve_with_conditions: conditions ? `Sign with ${counted}` : "Sign with conditions",
      request_changes: "Request changes",
      reject: "Reject",
    }[new FormData(form).get("decision")] ?? plain;
  };
  const update = () => { label.textContent = words(); };
  form.addEventListener("input", update);
  update();
}

/* Drafts: text stays in this browser until the form is sent. Passwords, codes, files and tokens are never kept. */
const NEVER_KEPT = new Set(["csrfmiddlewaretoken", "evidence_digest"]);
const keepable = (field) =>
  field.name && !NEVER_KEPT.has(field.name) && !["password", "hidden", "file", "submit"].includes(field.type);

function readDraft(form) {
  const kept = {};
  for (const field of form.elements) {
    if (!keepable(field)) continue;
    if (["radio", "checkbox"].includes(field.type)) {
      if (field.checked) (kept[field.name] ??= []).push(field.value);
      else kept[field.name] ??= [];
    } else (kept[field.name] ??= []).push(field.value);
  }
  return kept;
}

function restoreDraft(form, kept) {
  const texts = kept.condition_text ?? [];
  form.querySelector("[data-conditions]")?.dispatchEvent(
    new CustomEvent("cs:fill", {
      detail: texts.map((text, index) => [text, kept.condition_due?.[index] ?? "", kept.condition_owner?.[index] ?? ""]),
    }),
  );
  for (const [name, values] of Object.entries(kept)) {
    if (name.startsWith("condition_")) continue;
    const fields = [...form.elements].filter((field) => field.name === name && keepable(field));
    fields.forEach((field, index) => {
      if (["radio", "checkbox"].includes(field.type)) field.checked = values.includes(field.value);
      else if (values[index] !== undefined) field.value = values[index];
    });
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function startDraft(form) {
  if (form.dataset.started) return;
  form.dataset.started = "yes";
  const key = `draft:${location.pathname}:${form.dataset.draft}`;
  const note = form.querySelector("[data-draft-note]");
  const answered = form.querySelector("[data-focus], .is-bad");
  try {
    const kept = localStorage.getItem(key);
    if (kept && !answered) {
      restoreDraft(form, JSON.parse(kept));
      if (note) note.textContent = "Draft restored";
    }
  } catch { localStorage.removeItem(key); }
  let timer;
  form.addEventListener("input", (event) => {
    if (!event.isTrusted) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      try { localStorage.setItem(key, JSON.stringify(readDraft(form))); } catch { return; }
      const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
      if (note) note.textContent = `Draft kept ${time}`;
    }, 1000);
  });
  form.addEventListener("submit", () => { clearTimeout(timer); localStorage.removeItem(key); });
}

/* Keyboard. Off in fields, with modifier keys, and where the reader switched single keys off. No key ever signs. */
const PLACES = { w: "home", h: "home", m: "models", i: "models", v: "reviews", r: "reviews", f: "findings", e: "evaluations", d: "decisions", a: "events", p: "policy" };
const KEYS_OFF = "single-keys-off";
let waitingForPlace = false;

function keysAreOff() {
  try { return localStorage.getItem(KEYS_OFF) === "yes"; } catch { return false; }
}

function rowsOfPage() {
  return all("[data-keys] > *").filter((row) => row.offsetParent !== null && row.querySelector("a[href]"));
}

function move(step) {
  const rows = rowsOfPage();
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains("is-focus"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step))];
  rows.forEach((row) => row.classList.toggle("is-focus", row === next));
  const link = next.querySelector("a[href]");
  link.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
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

/* The menu of small screens closes on Escape, on a press outside and when the focus leaves. */
function startMenu(menu) {
  const close = (event) => { if (menu.open && !menu.contains(event.target)) menu.open = false; };
  document.addEventListener("pointerdown", close);
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
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

function start(within) {
  all("[data-toast]", within).forEach(startToast);
  all("[data-conditions]", within).forEach(startConditions);
  all("[data-decision-label]", within).forEach(startDecision);
  all("form[data-draft]", within).forEach(startDraft);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
document.addEventListener("keydown", walkFound);
document.addEventListener("htmx:afterSettle", () => start(document));
document.addEventListener("htmx:sendError", () => {
  document.getElementById("say-now")?.replaceChildren("The server did not answer. What is shown may be old.");
});
all("[data-menu]").forEach(startMenu);
startKeys();
all("#palette").forEach(startPalette);
start(document);
document.querySelector("[data-focus]")?.focus();
