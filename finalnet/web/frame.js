// Removes the preliminary page (#frame) as soon as Gradio has rendered the real one.

(() => {
  // The app is where the page is, whatever headers proxies set.
  gradio_config.root = new URL(".", location.href).href.replace(/\/$/, "");

  const app = document.querySelector("gradio-app");
  const frame = document.querySelector("#frame");
  const parts = [...frame.querySelectorAll("#stage > *")].map(
    ({ id, firstElementChild }) => `#${id} .${firstElementChild.classList[0]}`,
  );
  new MutationObserver((_, observer) => {
    if (!parts.every((part) => app.querySelector(part))) return;
    observer.disconnect();
    frame.remove();
    app.before(document.querySelector("#looks")); // after Gradio's style sheets, to override their resets
  }).observe(app, { childList: true, subtree: true });
})();
