// Beside the kept page, for its addresses only: shows it without a network, and sends a press that waits
// when the network is back, where the browser wakes it for that.
"use strict";
importScripts("/s/queue.js");
const KEPT = "notes", LONGEST = 4000; // ms until the kept page is shown instead of a slow one

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

async function answer(request) {
  const kept = await caches.open(KEPT), before = await kept.match(request, { ignoreSearch: true });
  if (!before) return fetch(request);
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(LONGEST) });
    if (!fresh.ok) return before;
    await kept.put(request, fresh.clone());
    return fresh;
  } catch { return before; }
}
addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

async function send() {
  let left = false;
  for (const row of await Queue.all()) if (Queue.waits(row)) left = Queue.waits(await Queue.deliver(row)) || left;
  for (const page of await clients.matchAll()) page.postMessage("sent");
  if (left) throw new Error("not yet"); // the browser tries again later
}
addEventListener("sync", (event) => event.waitUntil(send()));
