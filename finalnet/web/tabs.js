// Gives each tab an address: "#about" opens the second tab, and Back returns to the pad.

const ABOUT = "#about";
const TABS = "#tabs :is([role=tab], .overflow-dropdown button)";

/** Keep the address and the tabs in step; does nothing on a page without tabs. */
export function mountTabs() {
  const place = document.querySelector("#tabs");
  if (!place) return;
  let isAbout = false;
  const note = () => {
    const first = place.querySelector("[role=tab]");
    if (!first || isAbout === (first.ariaSelected === "false")) return;
    isAbout = !isAbout;
    if (isAbout === (location.hash === ABOUT)) return; // the address opened this tab
    const { pathname, search } = location;
    history.pushState(history.state, "", pathname + search + (isAbout ? ABOUT : ""));
  };
  const open = () => {
    const isWanted = location.hash === ABOUT;
    if (isWanted !== isAbout) place.querySelectorAll(TABS)[isWanted ? 1 : 0]?.click();
  };
  new MutationObserver(note).observe(place, { subtree: true, attributeFilter: ["aria-selected"] });
  addEventListener("popstate", open);
  open();
}
