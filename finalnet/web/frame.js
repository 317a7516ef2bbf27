// What stands on the page until Gradio has drawn it goes in the same moment.

(() => {
  // Whatever proxies say or do not say: the app is where the page is.
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
    app.before(document.querySelector("#looks")); // after Gradio's style sheets, which reset much
  }).observe(app, { childList: true, subtree: true });
})();
