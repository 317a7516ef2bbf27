// Text on the page.

/** Set an element's text if it differs. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Replace {names} in a text by values. */
export const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
