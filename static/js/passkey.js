/* Passkeys (WebAuthn): the one thing of proving who one is that no form can do. Everything is judged by the server. */

import { said } from "./words.js";

const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
const able = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);

async function post(address, fields = {}) {
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token() }, body: new URLSearchParams(fields) });
  if (!answer.ok) throw new Error(answer.status === 403 ? await answer.text() : said("passkeySilent"));
  return answer;
}

async function make(address) {
  const { publicKey } = await (await post(address)).json();
  const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
  return JSON.stringify(made.toJSON());
}

async function ask(address) {
  const { publicKey } = await (await post(address)).json();
  const found = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  return JSON.stringify(found.toJSON());
}

function start(button, work) {
  if (!able) return;
  button.hidden = false;
  const says = button.closest("form, [data-proof]").querySelector("[data-passkey-says]");
  button.addEventListener("click", async () => {
    button.disabled = true;
    says.textContent = said("passkeyAsks");
    try {
      await work(says);
    } catch (problem) {
      says.textContent = problem instanceof DOMException ? said("passkeyNone") : problem.message;
    } finally {
      button.disabled = false;
    }
  });
}

for (const button of document.querySelectorAll("[data-passkey-make]")) {
  start(button, async () => {
    const { form } = button;
    if (!form.reportValidity()) return;
    form.elements.answer.value = await make(button.dataset.passkeyMake);
    form.submit();
  });
}
for (const button of document.querySelectorAll("[data-passkey-login]")) {
  start(button, async () => {
    button.form.elements.passkey.value = await ask(button.dataset.passkeyLogin);
    button.form.submit();
  });
}
for (const button of document.querySelectorAll("[data-passkey-proof]")) {
  start(button, async (says) => {
    await post(button.dataset.passkeyAnswer, { answer: await ask(button.dataset.passkeyProof) });
    says.textContent = said("passkeyProved");
  });
}
