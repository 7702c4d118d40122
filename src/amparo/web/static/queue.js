// The one press that may wait on a device: the card's token, a number of its own, and how it stands.
// No text and no name. Used by the kept page and by its worker, whichever is awake; whoever sends it
// twice sends the same number, and that is one press.
"use strict";
const PRESS = "/api/v1/press", PATIENCE = 20000; // ms

const Queue = {
  open: () => new Promise((done, failed) => {
    const asked = indexedDB.open("notes", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("press", { keyPath: "card" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  }),

  async _do(mode, work) {
    const base = await Queue.open();
    try {
      return await new Promise((done, failed) => {
        const deed = base.transaction("press", mode), asked = work(deed.objectStore("press"));
        deed.oncomplete = () => done(asked?.result);
        deed.onerror = deed.onabort = () => failed(deed.error);
      });
    } finally { base.close(); }
  },

  get: (card) => Queue._do("readonly", (rows) => rows.get(card)),
  all: () => Queue._do("readonly", (rows) => rows.getAll()),
  put: (row) => Queue._do("readwrite", (rows) => rows.put(row)),
  drop: (card) => Queue._do("readwrite", (rows) => rows.delete(card)),

  // Change a row only while it still is the press and in the state that the caller knows: the page may
  // take back what the worker is sending.
  change: (row, changes) => Queue._do("readwrite", (rows) => {
    const asked = rows.get(row.card);
    asked.onsuccess = () => {
      const now = asked.result;
      if (now?.key === row.key && now.state === row.state) rows.put({ ...now, ...changes });
    };
  }),

  // Take it back, in one step with the look at whether it was ever tried: what was not, cannot arrive.
  back: (card) => Queue._do("readwrite", (rows) => {
    const asked = rows.get(card);
    asked.onsuccess = () => {
      const now = asked.result;
      if (now?.state === "waiting" && !now.tries) rows.put({ ...now, state: "back", at: Date.now() });
      else if (now?.state === "waiting" || now?.state === "sent") rows.put({ ...now, state: "backing" });
    };
  }),

  async _post(address, body, key) {
    const headers = { "Content-Type": "application/json" };
    if (key) headers["Idempotency-Key"] = key;
    const answer = await fetch(address, {
      method: "POST", headers, body: JSON.stringify(body), credentials: "omit", cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
    return [answer.status, answer.ok ? await answer.json() : {}];
  },

  // One at a time, of the page and its worker together: nothing is taken back while the press itself is
  // still on its way, or it would be found nowhere, and ring after all.
  deliver: (row) => navigator.locks.request("notes", async () => {
    const now = await Queue.get(row.card);
    return Queue.waits(now) ? Queue._try(now) : now;
  }),

  // Try once; what is not answered stays as it is.
  async _try(row) {
    try {
      if (row.state === "waiting") {
        await Queue.change(row, { tries: row.tries + 1 });
        if ((await Queue.get(row.card))?.state !== "waiting") return Queue.get(row.card);
        const [status, said] = await Queue._post(PRESS, { card: row.card }, row.key);
        if (status === 202) await Queue.change(row, { state: "sent", at: Date.now(), alarm: said.alarm, told: said.told });
        if (status === 404 || status === 422) await Queue.change(row, { state: "dead" });
      } else if (row.state === "backing") {
        const body = { card: row.card, alarm: row.alarm ?? row.key };
        const [status] = await Queue._post(`${PRESS}/back`, body);
        if (status === 200 || status === 404) await Queue.change(row, { state: "back" });
        if (status === 409) await Queue.change(row, { state: "late" });
      }
    } catch { /* no network: it stays in the queue */ }
    return Queue.get(row.card);
  },
};
Queue.waits = (row) => row?.state === "waiting" || row?.state === "backing";
