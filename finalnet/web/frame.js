// Removes the frame, the page's plain HTML, at the moment Gradio has rendered the page.

(() => {
  // The app is at the page's own URL, whatever headers proxies send.
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
    app.before(document.querySelector("#looks")); // after Gradio's style sheets, to override their reset
  }).observe(app, { childList: true, subtree: true });
})();
