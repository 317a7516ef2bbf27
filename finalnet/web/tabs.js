// An address for each tab: "#about" is the second one's, and Back leads from it to the pad.

const ABOUT = "#about";
const TABS = "#tabs :is([role=tab], .overflow-dropdown button)";

/** Have the address follow the tabs, and the tabs the address; nothing where there are none. */
export function mountTabs() {
  const place = document.querySelector("#tabs");
  if (!place) return;
  let isAbout = false;
  const note = () => {
    const first = place.querySelector("[role=tab]");
    if (!first || isAbout === (first.ariaSelected === "false")) return;
    isAbout = !isAbout;
    if (isAbout === (location.hash === ABOUT)) return; // one came by the address
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
