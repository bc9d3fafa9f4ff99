// The cards that somebody looks at: whichever changed are fetched together, the others wait until they come into sight.

import { call } from "../api.js";
import { onRecords, onReload } from "../feed.js";
import { news, seldom } from "./news.js";

const APART_MS = 60;
const TOGETHER = 60; // an address line of 8 KB holds so many ids

const changed = news();
const known = new Map(); // out_track_id -> card
const stale = new Set(); // ids of cards that have changed since they were fetched
const watched = new Set(); // ids of cards in sight

/** `listener(cards)` gets every card that is new or has changed, all of one fetch at once. */
export const onCards = changed.subscribe;
export const cardOf = (id) => known.get(id);

/** Keep this card up to date while it is in sight. */
export function watch(id) {
  watched.add(id);
  if (!known.has(id) || stale.has(id)) load().catch(() => {});
}

export const unwatch = (id) => watched.delete(id);

/** Fetch one card now, such as after a click. */
export function refresh(id) {
  stale.add(id);
  return load();
}

const load = seldom(APART_MS, async () => {
  const ids = [...watched].filter((id) => stale.has(id) || !known.has(id));
  const groups = Array.from({ length: Math.ceil(ids.length / TOGETHER) }, (_, index) => ids.slice(index * TOGETHER, (index + 1) * TOGETHER));
  for (const id of ids) stale.delete(id);
  const found = await Promise.all(groups.map((group) => call(`cards?brief=1&ids=${group.map(encodeURIComponent).join(",")}`)))
    .catch((error) => {
      for (const id of ids) stale.add(id);
      throw error;
    });
  const cards = found.flatMap((each) => each.cards);
  for (const card of cards) known.set(card.out_track_id, card);
  if (cards.length) changed.tell(cards);
});

onRecords((records) => {
  for (const { kind, out_track_id } of records) {
    if ((kind === "card" || kind === "click") && out_track_id) stale.add(out_track_id);
  }
  if ([...stale].some((id) => watched.has(id))) load().catch(() => {});
});
onReload(() => {
  for (const id of known.keys()) stale.add(id);
  return load();
});
