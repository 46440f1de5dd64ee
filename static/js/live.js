/* Pages that follow what others do. The page asks with its stamp; the answer is empty, or the page as it is now, of
   which the parts that changed take the place of the old ones. A part in which somebody reads with the keyboard or
   writes is left alone until they are done, and nothing moves under their hands. */

import { said } from "./words.js";

const PATIENCE_S = 300;
const HOLD_MS = 400;
const page = document.querySelector("[data-live]");
const parts = (within) => [...within.querySelectorAll("[data-live-part]")];
const fields = "input:not([type=hidden]), textarea, select";
let stamp = page.dataset.live;
let pause = Number(page.dataset.liveEvery);
let timer;
let waiting = [];

/* A part as the server sent it, but for the token of its forms, which is another in every answer. */
const served = (part) => part.outerHTML.replaceAll(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
const known = new Map(parts(document).map((part) => [part.id, served(part)]));

const differs = (field) =>
  field.matches("select") ? [...field.options].some((option) => option.selected !== option.defaultSelected)
    : ["radio", "checkbox"].includes(field.type) ? field.checked !== field.defaultChecked
      : field.value !== field.defaultValue;

function isBusy(part) {
  return part.contains(document.activeElement) || [...part.querySelectorAll(fields)].some(differs)
    || part.querySelector("dialog[open]") !== null;
}

/* What the reader opened stays open, and the row that j and k are at stays marked. */
function keepState(before, after) {
  const folds = after.querySelectorAll("details");
  before.querySelectorAll("details").forEach((fold, index) => { if (folds[index]) folds[index].open = fold.open; });
  const row = before.querySelector(".is-focus[id]");
  if (row) after.querySelector(`#${CSS.escape(row.id)}`)?.classList.add("is-focus");
}

/* Whoever writes or reads further down does not see the page move. */
function withoutMoving(change) {
  const still = document.activeElement.closest("main, dialog") && document.activeElement !== page
    ? document.activeElement : parts(page).find((part) => part.getBoundingClientRect().bottom > 0);
  const before = still?.getBoundingClientRect().top;
  change();
  if (still?.isConnected) scrollBy({ top: still.getBoundingClientRect().top - before, behavior: "instant" });
}

function tell(text) {
  document.getElementById("say")?.replaceChildren(text);
  const pattern = document.querySelector("template[data-live-note]");
  const toast = pattern.content.firstElementChild.cloneNode(true);
  toast.removeAttribute("role"); // the line above has said it
  toast.querySelector(".cs-grow").textContent = text;
  document.getElementById("toasts")?.append(toast);
  document.dispatchEvent(new Event("cs:changed"));
}

function swap(before, after) {
  known.set(after.id, served(after));
  keepState(before, after);
  withoutMoving(() => before.replaceWith(after));
  after.classList.add("is-new");
  window.htmx?.process(after);
}

const keyOf = (part) => part.dataset.liveKey ?? part.dataset.liveSays;

/* Swap what may be swapped; the rest waits. A part marked `last` rests on the others and never goes before them. */
function take(found) {
  const says = [];
  const held = [];
  const inOrder = [...found].sort((one, other) => ("liveLast" in one.dataset) - ("liveLast" in other.dataset));
  for (const after of inOrder) {
    const before = document.getElementById(after.id);
    if (!before) continue;
    const news = keyOf(before) !== keyOf(after);
    if (isBusy(before) || ("liveLast" in after.dataset && held.length)) {
      held.push(after);
      if (news && before.dataset.liveHeld !== keyOf(after)) {
        before.dataset.liveHeld = keyOf(after);
        says.push(after.dataset.liveWaits ?? said("shownLater", { news: after.dataset.liveSays }));
      }
    } else {
      if (news && !before.dataset.liveHeld) says.push(after.dataset.liveSays);
      swap(before, after);
    }
  }
  waiting = held;
  if (says.filter(Boolean).length) tell(`${says.filter(Boolean).join(". ")}.`);
  document.dispatchEvent(new Event("cs:changed"));
}

async function ask() {
  const answer = await fetch(location.href.split("#")[0], { headers: { "X-Live-Stamp": stamp }, cache: "no-store" });
  if (answer.status === 204) return true;
  if (!answer.ok || answer.redirected) return false;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  stamp = now.querySelector("[data-live]")?.dataset.live ?? stamp;
  take(parts(now).filter((after) => known.get(after.id) !== served(after)).map((after) => document.adoptNode(after)));
  return true;
}

/* A server that does not answer, or a log-out, is asked less and less often. */
async function round() {
  clearTimeout(timer);
  if (document.hidden) return;
  const well = await ask().catch(() => false);
  pause = well ? Number(page.dataset.liveEvery) : Math.min(pause * 2, PATIENCE_S);
  clearTimeout(timer);
  timer = setTimeout(round, pause * 1000);
}

document.addEventListener("visibilitychange", round);
document.addEventListener("focusout", () => { if (waiting.length) setTimeout(() => take(waiting), HOLD_MS); });
timer = setTimeout(round, pause * 1000);
