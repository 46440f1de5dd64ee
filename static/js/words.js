/* What scripts say, in the language of the page: base.html brings the words (governance/templatetags/scripts.py). */

const words = JSON.parse(document.body.dataset.words ?? "{}");

export const locale = document.documentElement.lang;
export const said = (name, values = {}) =>
  (words[name] ?? name).replaceAll(/\{(\w+)\}/g, (whole, value) => values[value] ?? whole);
