/* The card editor's comforts: values at the caret, a warning before text is lost, keys. All of it works without this file. */

const form = document.querySelector("[data-card-editor]");
const areas = [...form.querySelectorAll("textarea[data-section]")];
const written = new Map(areas.map((area) => [area, area.defaultValue]));
const values = document.querySelector("[data-values]");
let target = areas[0];
let leaving = false;

const link = (area) => form.querySelector(`[data-rail] [data-for="${area.dataset.section}"]`);
const changed = () => "unsaved" in form.dataset || areas.some((area) => area.value !== written.get(area));

/* Browsers without field-sizing: the field grows with its text. */
const grow = (area) => {
  if (CSS.supports("field-sizing", "content")) return;
  area.rows = Math.min(30, Math.max(8, area.value.split("\n").length + Math.floor(area.value.length / 90)));
};

function mark(area) {
  grow(area);
  const is = area.value !== written.get(area);
  link(area)?.classList.toggle("is-changed", is);
}

for (const area of areas) {
  area.addEventListener("input", () => mark(area));
  area.addEventListener("focus", () => {
    target = area;
    form.querySelectorAll("[data-rail] [aria-current]").forEach((other) => other.removeAttribute("aria-current"));
    link(area)?.setAttribute("aria-current", "true");
  });
  mark(area);
}
/* A draft of this browser that was put back counts as unsaved, and its preview is made anew. */
form.addEventListener("input", (event) => {
  if (event.target !== form) return;
  for (const area of areas) {
    mark(area);
    if (area.value !== written.get(area)) area.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

form.addEventListener("submit", () => { leaving = true; });
addEventListener("pageshow", () => { leaving = false; });
addEventListener("beforeunload", (event) => { if (changed() && !leaving) event.preventDefault(); });

/* Values: the one chosen goes where the caret was. */
for (const opener of form.querySelectorAll("[data-insert]")) {
  opener.addEventListener("click", () => { target = document.getElementById(opener.dataset.insert); });
}
for (const button of values?.querySelectorAll("[data-token]") ?? []) {
  delete button.dataset.copy;
  button.addEventListener("click", () => {
    values.hidePopover();
    target.focus();
    target.setRangeText(button.dataset.token, target.selectionStart, target.selectionEnd, "end");
    target.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[type=submit]"));
  } else if (event.altKey && ["ArrowDown", "ArrowUp"].includes(event.key) && areas.includes(document.activeElement)) {
    event.preventDefault();
    const next = areas[areas.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    next?.focus();
    next?.closest("section").scrollIntoView({ block: "start" });
  }
});

document.querySelectorAll("[data-with-script]").forEach((note) => { note.hidden = false; });
document.querySelectorAll("[data-without-script]").forEach((button) => { button.hidden = true; });
