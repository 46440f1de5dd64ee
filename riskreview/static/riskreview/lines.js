/* Numbers beside the lines of a text, and links that go to one. The page works without: refusals show their lines. */
const field = document.getElementById("id_source");

function startNumbers() {
  const gutter = document.createElement("pre");
  gutter.className = "rr-gutter";
  gutter.setAttribute("aria-hidden", "true");
  const draw = () => {
    const lines = field.value.split("\n").length;
    if (gutter.dataset.lines === String(lines)) return;
    gutter.dataset.lines = String(lines);
    gutter.textContent = Array.from({ length: lines }, (_, index) => index + 1).join("\n");
  };
  const frame = document.createElement("div");
  frame.className = "rr-numbered";
  field.replaceWith(frame);
  frame.append(gutter, field);
  field.addEventListener("input", draw);
  field.addEventListener("scroll", () => { gutter.scrollTop = field.scrollTop; });
  draw();
}

function goTo(number) {
  const lines = field.value.split("\n");
  const begin = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
  field.focus();
  field.setSelectionRange(begin, begin + (lines[number - 1] ?? "").length);
  const height = Number.parseFloat(getComputedStyle(field).lineHeight);
  field.scrollTop = Math.max(0, (number - 5) * height);
}

if (field) {
  startNumbers();
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    goTo(Number(link.dataset.line));
  });
}
