// Lets rendered markdown grow as DingTalk's client types: at a constant pace, faster when far behind, at the end within a second.

import { nodesOf, cut, weight } from "./cut.js";

const PER_SECOND = 48;
const CATCH_UP_SECONDS = 2; // never further behind than this
const END_SECONDS = 0.7;
const FRAME_MS = 33;

const still = matchMedia("(prefers-reduced-motion: reduce)");
const typing = new Set();
let last = 0;

/** A writer into `root`: show(content, {ended, atOnce}) gives it a newer text; `done()` is called when an ended one stands there. */
export function typewriter(root, done) {
  const caret = Object.assign(document.createElement("span"), { className: "caret" });
  caret.setAttribute("aria-hidden", "true");
  let blocks = []; // the text's top-level nodes, never shown themselves: clones are
  let ends = []; // how much has been typed when a block is complete
  let whole = 0; // so many children of root are complete
  let typed = 0;
  let pace = PER_SECOND;
  let ended = false;
  let finished = false;

  const total = () => ends.at(-1) ?? 0;

  function show(content, { ended: isEnd, atOnce }) {
    const newer = nodesOf(content);
    let same = 0;
    while (same < whole && newer[same]?.isEqualNode(blocks[same])) same += 1;
    blocks = newer;
    ends = [];
    for (const block of blocks) ends.push(total() + weight(block));
    drop(same);
    ended = isEnd;
    finished = false;
    if (ended) pace = Math.max(PER_SECOND, (total() - typed) / END_SECONDS);
    typed = atOnce || still.matches ? total() : Math.min(typed, total());
    draw();
    begin();
  }

  function step(seconds) {
    const behind = total() - typed;
    const speed = ended ? pace : Math.max(PER_SECOND, behind / CATCH_UP_SECONDS);
    typed = Math.min(total(), typed + speed * seconds);
    draw();
  }

  function draw() {
    if (whole < blocks.length && root.childNodes.length > whole) drop(whole);
    while (whole < blocks.length && ends[whole] <= typed) {
      root.append(blocks[whole].cloneNode(true));
      whole += 1;
    }
    if (whole < blocks.length) {
      const part = cut(blocks[whole], Math.floor(typed - (ends[whole - 1] ?? 0)));
      if (part) root.append(part);
    }
    if (ended && typed >= total()) finish();
    else placeCaret(root, caret);
  }

  /** Everything but the first `count` blocks goes. */
  function drop(count) {
    caret.remove();
    while (root.childNodes.length > count) root.lastChild.remove();
    whole = Math.min(whole, count);
  }

  function finish() {
    caret.remove();
    typing.delete(step);
    if (finished) return;
    finished = true;
    done();
  }

  function begin() {
    if (typed >= total()) typing.delete(step);
    else if (!typing.has(step)) {
      typing.add(step);
      if (typing.size === 1) startClock();
    }
  }

  return {
    show,
    /** Out of sight: no need to type, the next look shows what there is. */
    rest() {
      if (!typing.delete(step)) return;
      typed = total();
      draw();
    },
  };
}

/** One clock for all. */
function startClock() {
  last = performance.now();
  requestAnimationFrame(tick);
}

function tick(now) {
  if (!typing.size) return;
  requestAnimationFrame(tick);
  const passed = now - last;
  if (passed < FRAME_MS) return;
  last = now;
  for (const step of [...typing]) step(Math.min(passed, 250) / 1000);
}

/** Behind the last letter: inside the last paragraph, item or cell. */
function placeCaret(root, caret) {
  let place = root;
  for (let next = place.lastElementChild; next && isOpen(place, next); next = place.lastElementChild) place = next;
  if (caret.parentNode !== place || caret.nextSibling) place.append(caret);
}

const ENCLOSING = "p,ul,ol,li,blockquote,pre,code,table,thead,tbody,tr,td,th,h1,h2,h3,h4,h5,h6";
const isOpen = (place, next) => next.matches(ENCLOSING) && !(next.matches("code") && !place.matches("pre"));
