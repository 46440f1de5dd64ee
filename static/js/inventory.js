/* Tables in which many rows are chosen, such as the inventory: tick all, count the ticked. The page works without this file. */

import { said } from "./words.js";

const boxes = () => [...document.querySelectorAll(".cs-many td.cs-tickcell input")];

function count() {
  const ticked = boxes().filter((box) => box.checked).length;
  const all = document.querySelector("[data-tick-all]");
  if (all) {
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
  }
  document.querySelector("[data-ticked]")?.replaceChildren(said("selected", { number: ticked }));
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) boxes().forEach((box) => { box.checked = event.target.checked; });
  if (event.target.closest(".cs-many")) count();
});
document.addEventListener("htmx:afterSettle", count);
count();
