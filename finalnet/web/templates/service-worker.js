// Keeps the whole page on the device, so that it works without a network.

const OWN = ` ${registration.scope}`; // other pages of this kind may share the host
const CACHE = "finalnet-{{ version }}" + OWN;
const FILES = {{ files }};
const LATE = {{ late }}; // kept once they were fetched

addEventListener("install", (event) => {
  // Past the browser's own cache, which may hold the files of the release before.
  const files = FILES.map((name) => new Request(name, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(files)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const drop = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.endsWith(OWN) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await clients.claim();
  };
  event.waitUntil(drop());
});

addEventListener("fetch", (event) => {
  const answer = async () => {
    const cache = await caches.open(CACHE);
    const found = await cache.match(event.request, { ignoreSearch: true });
    if (found) return found;
    const response = await fetch(event.request);
    const isLate = LATE.some((name) => new URL(name, location).href === event.request.url);
    if (isLate && response.ok) await cache.put(event.request, response.clone());
    return response;
  };
  if (event.request.method === "GET") event.respondWith(answer());
});
