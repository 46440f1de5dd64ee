/* What HTML and htmx cannot do alone. Every page works without this file; nothing here decides anything. */

import { said } from "./words.js";

const say = (text) => { document.getElementById("say")?.replaceChildren(text); };
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/* Copy buttons: <button data-copy="text">, and <button data-copy-place="id"> for the address of a place on this page. */
async function copy(button) {
  const place = button.dataset.copyPlace;
  const text = place === undefined ? button.dataset.copy : new URL(`#${encodeURIComponent(place)}`, location.href).href;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  say(said(place === undefined ? "copied" : "linkCopied"));
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

/* Toasts leave after 6 s, with an undo after 15 s, not while hovered or focused; failures stay until closed. */
function startToast(toast) {
  if (toast.dataset.started) return;
  toast.dataset.started = "yes";
  const leave = () => { toast.classList.add("is-leaving"); setTimeout(() => toast.remove(), 200); };
  const close = toast.querySelector("[data-dismiss]");
  if (close) { close.hidden = false; close.addEventListener("click", leave); }
  if ("stay" in toast.dataset) return;
  const patience = toast.querySelector("form") ? 15000 : 6000; // with something to undo
  let timer = setTimeout(leave, patience);
  const hold = () => clearTimeout(timer);
  const resume = () => { hold(); timer = setTimeout(leave, patience); };
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
    text.setAttribute("aria-label", said("condition", { number: index + 1 }));
    due.setAttribute("aria-label", said("conditionDue", { number: index + 1 }));
    row.querySelector("select")?.setAttribute("aria-label", said("conditionOwner", { number: index + 1 }));
    remove.setAttribute("aria-label", said("removeCondition", { number: index + 1 }));
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
    const counted = conditions === 1 ? said("withOne") : said("withMany", { number: conditions });
    return {
      approve: said("approve"),
      approve_with_conditions: conditions ? counted : said("withConditions"),
      request_changes: said("requestChanges"),
      reject: said("reject"),
    }[new FormData(form).get("decision")] ?? plain;
  };
  const update = () => { label.textContent = words(); };
  form.addEventListener("input", update);
  update();
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

function start(within) {
  all("[data-toast]", within).forEach(startToast);
  all("[data-conditions]", within).forEach(startConditions);
  all("[data-decision-label]", within).forEach(startDecision);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-place]");
  if (button) copy(button);
});
document.addEventListener("htmx:afterSettle", () => start(document));
document.addEventListener("cs:changed", () => start(document)); // js/live.js
document.addEventListener("htmx:sendError", () => {
  document.getElementById("say-now")?.replaceChildren(said("noAnswer"));
});
all("[data-menu]").forEach(startMenu);
start(document);
document.querySelector("[data-focus]")?.focus();
