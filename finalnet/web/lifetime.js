// Stops the listeners of parts that are no longer on the page. Gradio replaces parts without notice.

const lives = new Map(); // element -> AbortController

/** A signal that is aborted once an element is removed from the page. */
export function lifeOf(element) {
  if (!lives.has(element)) lives.set(element, new AbortController());
  const { signal } = lives.get(element);
  endLives(); // it may have been removed while its module was loading
  return signal;
}

function endLives() {
  for (const [element, life] of lives) {
    if (element.isConnected) continue;
    lives.delete(element);
    life.abort();
  }
}

new MutationObserver(endLives).observe(document, { childList: true, subtree: true });
