// A browser says where notes for it go; then the form goes its ordinary way.

const form = document.querySelector("form[data-push]");
const note = form.querySelector("[data-push-note]");

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

async function worker() {
  const found = await navigator.serviceWorker.register("/s/push-worker.js");
  const coming = found.installing || found.waiting;
  if (!found.active && coming) {
    await new Promise((ready) => {
      coming.addEventListener("statechange", () => coming.state === "activated" && ready());
    });
  }
  return found;
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("no");
  const { pushManager } = await worker();
  const before = await pushManager.getSubscription();
  if (before) await before.unsubscribe();
  const made = await pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(form.dataset.push),
  });
  const { endpoint, keys } = made.toJSON();
  return JSON.stringify({ endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } });
}

note.textContent = "";
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    form.elements.address.value = await subscribe();
    form.submit();
  } catch {
    note.textContent = form.dataset.failed;
  }
});
