// What the wire panel knows: the last entries in order, without gaps where the sandbox still has what was missed.

import { call, reportUnlessGone } from "../api.js";
import { onReload, onWire, wantWire } from "../feed.js";

const KEPT = 2_000; // as many as the sandbox keeps
const FIRST = 500;
const LATEST = Number.MAX_SAFE_INTEGER;
const SETTLE_MS = 1_500;

/** Follow the wire while `watch(true)`; `changed(news, anew)` gets new entries, `anew` when everything was loaded again. */
export function entries(changed) {
  let kept = [];
  let last = null; // the newest number that is known
  let cleared = 0; // entries up to this number are not shown any more
  let watching = false;
  let filling = null;

  const take = (found, missed = 0) => {
    const news = found.filter(({ seq }) => seq > last && seq > cleared);
    if (!news.length) return;
    if (missed) news[0] = { ...news[0], missed };
    last = news.at(-1).seq;
    kept.push(...news);
    if (kept.length > KEPT) kept = kept.slice(-KEPT);
    changed(news, false);
  };

  const load = async () => {
    const { last: newest } = await call(`wire?after=${LATEST}`);
    const { wire } = await wireAfter(Math.max(0, newest - FIRST));
    if (newest < cleared) cleared = 0; // another sandbox
    kept = wire.filter(({ seq }) => seq > cleared);
    last = wire.at(-1)?.seq ?? newest;
    changed(kept, true);
  };

  /** Fetch whatever came after the newest known entry. */
  const fill = () => (filling ??= (async () => {
    try {
      if (last === null) return await load();
      const found = await wireAfter(last);
      if (found.last < last) return await load();
      take(found.wire, last > 0 ? Math.max(0, found.oldest - last - 1) : 0);
    } catch (error) {
      reportUnlessGone(error);
    } finally {
      filling = null;
    }
  })());

  onWire((found) => {
    if (filling || last === null || found[0].seq > last + 1) fill().then(() => take(found));
    else take(found);
  });
  onReload(async (why) => {
    if (why !== "start" || last === null) last = null;
    if (watching) await fill();
  });

  return {
    all: () => kept,
    clear() {
      cleared = last ?? 0;
      kept = [];
    },
    async watch(on) {
      if (on === watching) return;
      watching = on;
      wantWire(on);
      if (!on) return;
      await fill();
      setTimeout(() => watching && fill(), SETTLE_MS); // what came while the feed was finding its position
    },
  };
}

/** Every summary above a number; an answer holds only as many as are good for one. */
async function wireAfter(number) {
  const first = await call(`wire?after=${number}`);
  const wire = [...first.wire];
  let { last } = first;
  while (wire.length && wire.at(-1).seq < last) {
    const next = await call(`wire?after=${wire.at(-1).seq}`);
    if (!next.wire.length) break;
    wire.push(...next.wire);
    ({ last } = next);
  }
  return { wire, last, oldest: first.oldest };
}
