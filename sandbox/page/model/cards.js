// The cards in sight: whichever changed are fetched together; one that goes out of sight is forgotten until it comes back.

import { call, reportUnlessGone } from "../api.js";
import { onRecords, onReload } from "../feed.js";
import { news, seldom } from "./news.js";

const APART_MS = 60;
const TOGETHER = 60; // an address line of 8 KB holds so many ids

const changed = news();
const known = new Map(); // out_track_id -> card, of those in sight
const stale = new Set(); // those of them that have changed since they were fetched
const gone = new Set(); // ids that the sandbox no longer has, which are not asked for again
const watched = new Set(); // ids of cards in sight

/** `listener(cards)` gets every card that is new or has changed, all of one fetch at once; one that the sandbox no longer
 *  has comes as {out_track_id, isGone: true}. */
export const onCards = changed.subscribe;
export const cardOf = (id) => known.get(id) ?? (gone.has(id) ? lost(id) : undefined);

/** Keep this card up to date while it is in sight. */
export function watch(id) {
  if (watched.has(id)) return;
  watched.add(id);
  if (!gone.has(id)) load().catch(reportUnlessGone);
}

/** It is out of sight, and no longer kept. */
export function unwatch(id) {
  for (const each of [watched, known, stale]) each.delete(id);
}

/** Fetch one card now, such as after a click. */
export function refresh(id) {
  if (watched.has(id)) stale.add(id);
  return load();
}

const load = seldom(APART_MS, async () => {
  const ids = [...watched].filter((id) => !gone.has(id) && (stale.has(id) || !known.has(id)));
  if (!ids.length) return;
  for (const id of ids) stale.delete(id);
  const found = await fetchAll(ids).catch((error) => {
    for (const id of ids) if (watched.has(id)) stale.add(id);
    throw error;
  });
  const cards = new Map(found.map((card) => [card.out_track_id, card]));
  for (const id of ids) {
    if (!cards.has(id)) gone.add(id);
    else if (watched.has(id)) known.set(id, cards.get(id));
  }
  changed.tell(ids.map((id) => cards.get(id) ?? lost(id)));
});

const lost = (out_track_id) => ({ out_track_id, isGone: true });

async function fetchAll(ids) {
  const groups = Array.from({ length: Math.ceil(ids.length / TOGETHER) }, (_, at) => ids.slice(at * TOGETHER, (at + 1) * TOGETHER));
  const found = await Promise.all(groups.map((group) => call(`cards?brief=1&ids=${group.map(encodeURIComponent).join(",")}`)));
  return found.flatMap(({ cards }) => cards);
}

onRecords((records) => {
  for (const { kind, out_track_id: id } of records) {
    if (kind !== "card" && kind !== "click") continue;
    gone.delete(id); // whatever happens to a card, it is there
    if (watched.has(id)) stale.add(id);
  }
  if (stale.size) load().catch(reportUnlessGone);
});
onReload(() => {
  gone.clear();
  for (const id of known.keys()) stale.add(id);
  return load();
});
