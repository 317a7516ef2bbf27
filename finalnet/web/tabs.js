// Gives each tab an address: "#about" opens the second tab, and Back returns to the pad.

const ABOUT = "#about";
const TABS = "#tabs :is([role=tab], .overflow-dropdown button)";
const SOON = 50; // ms; Gradio may render the tabs after the button "Present"

/** Keep the address and the tabs in step; does nothing on the page without a server, which has no tabs. */
export function mountTabs() {
  if (!document.querySelector("gradio-app")) return;
  let isAbout = false;
  const note = () => {
    const first = document.querySelector("#tabs [role=tab]");
    if (!first || isAbout === (first.ariaSelected === "false")) return;
    isAbout = !isAbout;
    if (isAbout === (location.hash === ABOUT)) return; // the address opened this tab
    const { pathname, search } = location;
    history.pushState(history.state, "", pathname + search + (isAbout ? ABOUT : ""));
  };
  const open = () => {
    const isWanted = location.hash === ABOUT;
    if (isWanted === isAbout) return;
    const tab = document.querySelectorAll(TABS)[isWanted ? 1 : 0];
    if (tab) tab.click();
    else setTimeout(open, SOON);
  };
  new MutationObserver(note).observe(document.body, { subtree: true, attributeFilter: ["aria-selected"] });
  addEventListener("popstate", open);
  open();
}
