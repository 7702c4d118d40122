// Shows what the server sent, one of two neutral sentences, under a title that never changes.

self.addEventListener("push", (event) => {
  const body = event.data ? event.data.text() : "";
  const shown = { body, tag: "notes", renotify: true, requireInteraction: true };
  event.waitUntil(self.registration.showNotification("Your notes", shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow("/desk/"));
});
