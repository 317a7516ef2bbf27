// Shows why the page does not start. A classic script, because modules may be what fails.

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
    // Every browser words a failed module import differently, but all messages contain "module".
    tell(/module/i.test(reason && reason.message) ? ofScripts : "other");
  });
})();
