// Says on the page why it cannot start. A classic script, because modules may be unavailable.

(() => {
  const tell = (reason) => {
    for (const line of document.querySelectorAll("#trouble [data-reason]")) {
      line.hidden = line.dataset.reason !== reason;
    }
  };
  const ofScripts = self.origin === "null" ? "frame" : "script"; // "null" in a sandboxed frame
  if (location.protocol === "file:") return tell("file");
  const hasAll =
    "popover" in HTMLElement.prototype &&
    "checkVisibility" in HTMLElement.prototype &&
    CSS.supports("selector(:has(*))") &&
    CSS.supports("width: 1cqi");
  if (!hasAll) tell("browser");
  addEventListener(
    "error",
    ({ target }) => {
      if (target.type === "module") tell(ofScripts);
      else if (target === window) tell("other");
    },
    true,
  );
  addEventListener("unhandledrejection", ({ reason }) => {
    // Each browser words a failed module differently; this word is common to all.
    tell(/module/i.test(reason && reason.message) ? ofScripts : "other");
  });
})();
