// Caches the whole page on the device, so that it works offline.

const OWN = ` ${registration.scope}`; // other exported pages may share the host
const CACHE = "finalnet-{{ version }}" + OWN;
const FILES = {{ files }};
const LATE = {{ late }}; // cached once fetched

addEventListener("install", (event) => {
  // Bypasses the browser's HTTP cache, which may hold the previous release.
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
