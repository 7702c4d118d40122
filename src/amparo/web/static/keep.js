// The page of a card that was kept on its device. Every word stands in the page; here only the deeds.
"use strict";
const card = location.pathname.split("/").pop(), KEPT = "notes", HALF_A_MINUTE = 30000;
const FILES = [location.pathname, "/s/page.css", "/s/queue.js", "/s/keep.js"];
const PAUSES = [1, 2, 5, 10, 20, 30]; // seconds between tries
const one = (what) => document.querySelector(what);
let busy = false, pause = 0, timer;

const isKept = async () => !!(await (await caches.open(KEPT)).match(location.pathname));

async function show() {
  const [row, kept] = [await Queue.get(card), await isKept()];
  const state = row?.state ?? "none";
  for (const part of document.querySelectorAll("[data-state]")) part.hidden = !part.dataset.state.split(" ").includes(state);
  for (const part of document.querySelectorAll("[data-kept]")) part.hidden = (part.dataset.kept === "yes") !== kept;
  // Leaving from here must not throw away what was kept on purpose; without a network it still leaves.
  const leave = one('form[action$="/leave"]');
  if (kept && !leave.elements.kept) leave.insertAdjacentHTML("beforeend", '<input type="hidden" name="kept" value="1">');
  for (const time of document.querySelectorAll("[data-at]")) time.textContent = row ? new Date(row.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
  const left = state === "sent" ? row.at + HALF_A_MINUTE - Date.now() : 0;
  one("#back").hidden = !(state === "waiting" || left > 0);
  if (left > 0) setTimeout(show, left);
  // What is being taken back can be sent after all, also while no network says how it stands.
  one("#send").hidden = state === "waiting";
  return row;
}

// Send what waits, again and again while this page is open.
async function loop() {
  clearTimeout(timer);
  if (busy) return;
  busy = true;
  try {
    const row = await Queue.get(card);
    if (!Queue.waits(row)) return;
    if (Queue.waits(await Queue.deliver(row))) timer = setTimeout(loop, 1000 * PAUSES[Math.min(pause++, PAUSES.length - 1)]);
  } finally {
    busy = false;
    await show();
  }
}

async function soon() {
  pause = 0;
  await show();
  loop();
  const worker = await navigator.serviceWorker.getRegistration();
  await worker?.sync?.register("notes").catch(() => {});
}

async function press(event) {
  // Where nothing is kept, the form goes as it goes without scripts.
  if (event.submitter?.value !== "press") return;
  event.preventDefault();
  if (!(await isKept().catch(() => false))) return event.target.requestSubmit ? plain(event) : event.target.submit();
  if ((await Queue.get(card))?.state !== "waiting") await Queue.put({ card, key: crypto.randomUUID(), state: "waiting", tries: 0, at: Date.now() });
  soon();
}

function plain(event) {
  one("#send").removeEventListener("submit", press);
  event.target.requestSubmit(event.submitter);
}

async function back() {
  await Queue.back(card);
  soon();
}

async function keep() {
  one("#failed").hidden = true;
  try {
    await navigator.serviceWorker.register("worker.js");
    await (await caches.open(KEPT)).addAll(FILES);
    await navigator.storage?.persist?.();
  } catch { one("#failed").hidden = false; }
  show();
}

async function remove() {
  clearTimeout(timer);
  await Queue.drop(card);
  const kept = await caches.open(KEPT);
  await kept.delete(location.pathname);
  // Another card may be kept here too; with the last one everything goes.
  if (!(await kept.keys()).some((request) => new URL(request.url).pathname.includes("/k/"))) {
    await caches.delete(KEPT);
    indexedDB.deleteDatabase("notes");
    await (await navigator.serviceWorker.getRegistration())?.unregister();
  }
  one("#removed").hidden = false;
  one("#keeping").hidden = true;
}

if ("serviceWorker" in navigator && "caches" in self && "indexedDB" in self) {
  one("#keeping").hidden = false;
  one("#send").addEventListener("submit", press);
  one("#back").addEventListener("click", back);
  one("#keep").addEventListener("click", keep);
  one("#remove").addEventListener("click", remove);
  one('form[action$="/leave"]').addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    location.replace("about:blank");
  });
  addEventListener("online", soon);
  addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  navigator.serviceWorker.addEventListener("message", show);
  soon();
}
