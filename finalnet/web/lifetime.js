// How long a part of the page lives. Gradio mounts parts anew, and tells those before nothing.

const lives = new Map(); // AbortControllers of elements

/** A signal that is aborted once an element is no longer on the page. */
export function lifeOf(element) {
  if (!lives.has(element)) lives.set(element, new AbortController());
  const { signal } = lives.get(element);
  endLives(); // it may have left while its module was loaded
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
