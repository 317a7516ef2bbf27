// Detects when a part leaves the page. Gradio remounts parts without notifying the old ones.

const lives = new Map(); // AbortControllers by element

/** A signal that aborts once an element is no longer on the page. */
export function lifeOf(element) {
  if (!lives.has(element)) lives.set(element, new AbortController());
  const { signal } = lives.get(element);
  endLives(); // it may have left while its module was loading
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
