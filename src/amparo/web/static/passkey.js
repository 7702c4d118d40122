// A passkey answers the question in the form; then the form goes its ordinary way.

const form = document.querySelector("form[data-passkey]");
const { question, answer } = form.elements;

async function ask() {
  const asked = JSON.parse(question.value);
  if (form.dataset.passkey === "get") {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);
    return navigator.credentials.get({ publicKey });
  }
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
  return navigator.credentials.create({ publicKey });
}

form.querySelector("[data-passkey-note]").textContent = "";
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    answer.value = JSON.stringify(await ask());
    form.submit();
  } catch {
    form.querySelector("[data-passkey-note]").textContent = form.dataset.failed;
  }
});
