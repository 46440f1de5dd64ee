/* Drafts: what one types into a form with room for text stays in this browser, by account and form, until it is sent,
   discarded, two weeks old, or the account logs out. Passwords, codes, files and hidden fields are never kept. */

import { locale, said } from "./words.js";

const NEVER_KEPT = new Set(["password", "hidden", "file", "submit", "button", "search"]);
const KEPT_MS = 14 * 24 * 3600 * 1000;
const PAUSE_MS = 1000;
const SENT = "draft-sent";
const account = document.body.dataset.account;
const prefix = `draft:${account}:`;
const keepable = (field) => field.name && !NEVER_KEPT.has(field.type);
const choice = (field) => ["radio", "checkbox"].includes(field.type);
const clock = (at) => new Date(at).toLocaleString(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function read(form, plain = false) {
  const kept = {};
  for (const field of form.elements) {
    if (!keepable(field)) continue;
    const values = (kept[field.name] ??= []);
    if (!choice(field)) values.push(plain ? field.defaultValue ?? "" : field.value);
    else if (plain ? field.defaultChecked : field.checked) values.push(field.value);
  }
  return kept;
}

function write(form, kept) {
  const texts = kept.condition_text ?? [];
  form.querySelector("[data-conditions]")?.dispatchEvent(
    new CustomEvent("cs:fill", {
      detail: texts.map((text, index) => [text, kept.condition_due?.[index] ?? "", kept.condition_owner?.[index] ?? ""]),
    }),
  );
  for (const [name, values] of Object.entries(kept)) {
    if (name.startsWith("condition_")) continue;
    [...form.elements].filter((field) => field.name === name && keepable(field)).forEach((field, index) => {
      if (choice(field)) field.checked = values.includes(field.value);
      else if (values[index] !== undefined) field.value = values[index];
    });
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function keyOf(form) {
  const name = form.dataset.draft ?? new URL(form.action, location.href).pathname;
  return `${prefix}${location.pathname}:${name}`;
}

function load(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    return kept?.fields ? kept : null;
  } catch { return null; }
}

/* The line that says what is kept, with the way to be rid of it. */
function noteOf(form) {
  const given = form.querySelector("[data-draft-note]");
  if (given) return given;
  const note = document.createElement("p");
  note.className = "cs-hint cs-draftnote";
  note.dataset.draftNote = "";
  form.append(note);
  return note;
}

function tell(form, key, text, plain) {
  const note = noteOf(form);
  const discard = Object.assign(document.createElement("button"), { type: "button", className: "cs-linkish", textContent: said("discard") });
  discard.addEventListener("click", () => {
    localStorage.removeItem(key);
    write(form, plain);
    note.replaceChildren(said("discarded"));
    document.getElementById("say")?.replaceChildren(said("discarded"));
  });
  note.replaceChildren(`${text} `, discard);
}

function startDraft(form) {
  if (form.dataset.drafted || !(form.dataset.draft || form.querySelector("textarea"))) return;
  form.dataset.drafted = "yes";
  const key = keyOf(form);
  const plain = read(form, true);
  const before = JSON.stringify(plain);
  const kept = load(key);
  if (kept && !form.querySelector("[data-focus], .is-bad")) {
    write(form, kept.fields);
    const fold = form.closest("details");
    if (fold) fold.open = true;
    const words = kept.before === before ? "restored" : "restoredMoved";
    tell(form, key, said(words, { when: clock(kept.at) }), plain);
  }
  let timer;
  form.addEventListener("input", (event) => {
    if (!event.isTrusted) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const at = Date.now();
      try { localStorage.setItem(key, JSON.stringify({ at, before, fields: read(form) })); } catch { return; }
      tell(form, key, said("kept", { when: clock(at) }), plain);
    }, PAUSE_MS);
  });
  form.addEventListener("submit", () => { clearTimeout(timer); sessionStorage.setItem(SENT, key); });
}

/* A form that was sent and neither refused nor returned is done. A log-in page in between changes nothing. */
function forgetWhatWasSent() {
  const key = sessionStorage.getItem(SENT);
  if (!key) return;
  sessionStorage.removeItem(SENT);
  if (performance.getEntriesByType("navigation")[0]?.responseStatus >= 400) return;
  if (!document.querySelector(".is-bad, .is-invalid, [aria-invalid=true], [data-focus]")) localStorage.removeItem(key);
}

function forget(which) {
  Object.keys(localStorage).filter((key) => key.startsWith("draft:")).filter(which).forEach((key) => localStorage.removeItem(key));
}

if (account) {
  forgetWhatWasSent();
  forget((key) => !(Date.now() - (load(key)?.at ?? 0) < KEPT_MS));
  const start = () => document.querySelectorAll("form[method=post]").forEach(startDraft);
  start();
  ["htmx:afterSettle", "cs:changed"].forEach((name) => document.addEventListener(name, start));
  document.querySelectorAll("form[data-log-out]").forEach((form) => {
    form.addEventListener("submit", () => forget((key) => key.startsWith(prefix)));
  });
}
