// What must hold of the page's layout at any size and in any state; a list of what does not.

() => {
  const root = document.documentElement;
  const isOnStage = root.classList.contains("on-stage");
  const rem = parseFloat(getComputedStyle(root).fontSize);
  const shorter = Math.min(innerWidth, innerHeight);
  const faults = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const isClipped = (element) =>
    Boolean(element && (getComputedStyle(element).clipPath !== "none" || isClipped(element.parentElement)));
  const wordsOf = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.trim() ? [node] : [];
    return isClipped(node) || !isShown(node) ? [] : [...node.childNodes].flatMap(wordsOf);
  };
  const boxOf = (element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left: left + scrollX, top: top + scrollY, right: right + scrollX, bottom: bottom + scrollY };
  };
  const nameOf = (element) =>
    element.id ? `#${element.id}` : `.${String(element.className.baseVal ?? element.className).split(" ")[0]}`;
  const size = ({ left, top, right, bottom }) =>
    `${Math.round(left)},${Math.round(top)} ${Math.round(right - left)}x${Math.round(bottom - top)}`;
  const dialog = document.querySelector(":popover-open, dialog[open]");

  // Nothing scrolls sideways.
  if (root.scrollWidth > root.clientWidth) faults.push(`scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}`);

  // Everything is in the window, or comes into it by scrolling down or in its own frame.
  const parts = `#title h1, #present, #leave, #show-address, .keys, #tabs [role=tab], #answer .digit, #answer .caption,
    .offers button, .seen canvas, .seen figcaption, .paper, .failure, #pad .tools button, .pen, .scrub, .examples button,
    .rows .row, .tiles, .inside summary, .zone .invitation, .zone figure, .zone .tools > *, .problem`;
  const shown = all(parts).filter(isShown).filter((element) => !element.closest(".visually-hidden"))
    .filter((element) => !isClipped(element))
    .filter((element) => !dialog?.contains(element));
  const boxes = new Map(shown.map((element) => [element, boxOf(element)]));
  for (const [element, box] of boxes) {
    if (box.left < -1 || box.top < -1 || box.right > root.clientWidth + 1 || box.bottom > root.scrollHeight + 1) {
      faults.push(`${nameOf(element)} is out of the page: ${size(box)}`);
    }
    if (element.matches("#answer .digit, .seen canvas, .paper, .row") && box.right - box.left < 8) {
      faults.push(`${nameOf(element)} has no width: ${size(box)}`);
    }
  }

  // No two lie over one another.
  const scrolls = (element) => element.closest(".inside[open]");
  const entries = [...boxes].filter(([element]) => !scrolls(element));
  entries.forEach(([one, a], i) => {
    for (const [other, b] of entries.slice(i + 1)) {
      if (one.contains(other) || other.contains(one)) continue;
      if (one.matches(".paper") && other.matches("figure")) continue; // it is shown on the empty pad
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (width > 1 && height > 1) faults.push(`${nameOf(one)} (${size(a)}) lies over ${nameOf(other)} (${size(b)})`);
    }
  });

  // Words have room: what an element says lies within it.
  const speaking = `#title h1, #present, #leave, .keys, #answer .digit, #answer .caption, .offers button, .seen figcaption,
    #pad .tools button, .row .text, .row .name, .tile figcaption, .inside summary, .invitation, .zone .tools > *, .failure p`;
  for (const element of all(speaking).filter(isShown)) {
    if (isClipped(element) || !element.textContent.trim()) continue;
    const range = document.createRange();
    const box = element.getBoundingClientRect();
    const words = wordsOf(element).reduce((whole, node) => {
      range.selectNodeContents(node);
      const { left, right, bottom, height } = range.getBoundingClientRect();
      return {
        left: Math.min(whole.left, left),
        right: Math.max(whole.right, right),
        bottom: Math.max(whole.bottom, bottom),
        height: Math.max(whole.height, height),
      };
    }, { left: Infinity, right: 0, bottom: 0, height: 0 });
    // Only what is really cut off or sticks out; glyphs may overhang their line.
    if (words.left < box.left - 2 || words.right > box.right + 2 || words.bottom > box.bottom + 0.35 * words.height + 2) {
      faults.push(`${nameOf(element)} has no room for “${element.textContent.trim().slice(0, 30)}”`);
    }
  }

  // Least sizes.
  const atLeast = (selector, least, measure = (box) => Math.min(box.right - box.left, box.bottom - box.top)) => {
    for (const element of all(selector).filter(isShown)) {
      if (dialog?.contains(element)) continue;
      const value = measure(boxOf(element), element);
      if (value < least - 1) faults.push(`${nameOf(element)} is ${value.toFixed(0)} px, less than ${least.toFixed(0)}`);
    }
  };
  const digit = isOnStage ? Math.max(4.5 * 16, shorter / 10) : 4.5 * rem;
  atLeast("#answer .digit", digit, (_, element) => parseFloat(getComputedStyle(element).fontSize));
  atLeast("#answer .digit", digit, (box) => box.bottom - box.top);
  atLeast(".paper:not(.wide)", Math.min((isOnStage ? 8 : 9) * 16, root.clientWidth - 16));
  atLeast(".paper.wide", Math.min(6 * 16, (root.clientWidth - 16) / 2.5), (box) => box.bottom - box.top);
  atLeast(".seen canvas", 56);
  atLeast(".row .track", 24, (box) => box.right - box.left);
  atLeast(".row .text", 12, (_, element) => parseFloat(getComputedStyle(element).fontSize));
  atLeast("#pad .tools button, .offers button, #present, #leave, .examples button", 44, (box) => box.bottom - box.top);
  if (!all("#answer .digit").some(isShown)) faults.push("no answer");
  if (!all(".paper, .zone figure").some(isShown)) faults.push("no pad");

  // On stage the pad and the answer are in sight at once, unless words alone were enlarged.
  if (isOnStage && innerHeight >= 320 && rem <= Math.max(16, 0.021 * shorter)) {
    for (const element of all(".paper, #answer .digit").filter(isShown)) {
      const { top, bottom } = element.getBoundingClientRect();
      if (top < -1 || bottom > innerHeight + 1) faults.push(`${nameOf(element)} is not in sight on stage: ${Math.round(top)} to ${Math.round(bottom)}`);
    }
  }

  // The strip at the foot of the window covers neither pad nor answer there, and fits its words.
  for (const strip of all("#learning").filter(isShown)) {
    const { top, right } = strip.getBoundingClientRect();
    const isFixed = getComputedStyle(strip).position === "fixed";
    if (strip.scrollWidth > strip.clientWidth + 1) faults.push(`the strip is too narrow: ${strip.scrollWidth} > ${strip.clientWidth}`);
    if (right > root.clientWidth + 1) faults.push(`the strip is out of the window: ${Math.round(right)}`);
    if (!isFixed || !isOnStage || rem > Math.max(16, 0.021 * shorter)) continue;
    for (const element of all(".paper, #answer .digit").filter(isShown)) {
      const { bottom } = element.getBoundingClientRect();
      if (bottom > top + 1) faults.push(`the strip covers ${nameOf(element)}: ${Math.round(bottom)} > ${Math.round(top)}`);
    }
  }

  // A dialog lies in the window, or scrolls in itself.
  if (dialog) {
    const { left, top, right, bottom } = dialog.getBoundingClientRect();
    if (left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1) {
      faults.push(`the dialog is not in the window: ${size({ left, top, right, bottom })}`);
    }
  }
  return faults;
}
