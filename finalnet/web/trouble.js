// Says on the page why it does not start: a classic script, because modules may be what is missing.

(() => {
  const tell = (reason) => {
    for (const line of document.querySelectorAll("#trouble [data-reason]")) {
      line.hidden = line.dataset.reason !== reason;
    }
  };
  const ofScripts = self.origin === "null" ? "frame" : "script"; // it is "null" in a sandbox
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
    // Each browser has its own words for a module that did not come; all have this one.
    tell(/module/i.test(reason && reason.message) ? ofScripts : "other");
  });
})();
