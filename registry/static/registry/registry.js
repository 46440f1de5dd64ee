/* Two comforts of the registry's forms; both work without this file. */

const MOST_FILES = 100; // what one request may hold; a .zip has room for more

/* A button that was pressed says what is going on and cannot be pressed twice. */
for (const form of document.querySelectorAll("form[data-slow]")) {
  const button = form.querySelector("button[type=submit]");
  const note = form.querySelector("[data-busy-note]");
  const plain = button.innerHTML;
  const words = () => form.querySelector("[name=source]:checked")?.dataset.busy ?? form.dataset.slow;
  form.addEventListener("submit", () => {
    form.classList.add("is-sending");
    button.textContent = words();
    if (note) note.hidden = false;
    setTimeout(() => { button.disabled = true; });
  });
  // Coming back with the browser's back button shows the page as it was left.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    form.classList.remove("is-sending");
    button.disabled = false;
    button.innerHTML = plain;
  });
}

/* Choosing a folder: browsers send bare names, so each file's path inside the folder goes along. */
for (const folder of document.querySelectorAll("[data-folder]")) {
  const box = folder.closest("[data-folder-box]");
  const form = folder.form;
  const files = form.querySelector('input[type=file][name="files"]:not([data-folder])');
  box.hidden = false;
  folder.disabled = false;
  const forget = () => form.querySelectorAll("input[name=paths]").forEach((field) => field.remove());
  folder.addEventListener("change", () => {
    forget();
    files.value = "";
    folder.setCustomValidity(folder.files.length > MOST_FILES ? `More than ${MOST_FILES} files: send the folder as one .zip.` : "");
    folder.reportValidity();
    for (const file of folder.files) {
      const value = file.webkitRelativePath.split("/").slice(1).join("/");
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "paths", value }));
    }
  });
  files.addEventListener("change", () => { forget(); folder.value = ""; folder.setCustomValidity(""); });
}
