// The one long poll of the page: hands out what is new, says when everything must be loaded anew, and when nobody answers.

import { call } from "./api.js";

const WAIT_SECONDS = 25;
const CALM_MS = 120; // many small changes become one drawing
const PAUSES_MS = [400, 800, 1_600, 3_000, 5_000];
const LATEST = Number.MAX_SAFE_INTEGER;

const listeners = { records: new Set(), wire: new Set(), reload: new Set(), status: new Set() };
const position = { records: null, wire: null }; // null: not known, so load anew
let instance; // which sandbox the page was loaded from; every start is another one
let wireWanted = false;
let running = null; // the AbortController of the poll under way
let wake = () => {};

/** `listener(records)` gets what happened since the last load, in order, never an empty list. */
export const onRecords = (listener) => subscribe("records", listener);

/** `listener(entries)` gets summaries of the wire from the moment it was wanted (see wantWire); older ones: GET wire. */
export const onWire = (listener) => subscribe("wire", listener);

/** `listener(why)` loads everything it shows; why is "start", "back", "slow" or "restarted". It may be async. */
export const onReload = (listener) => subscribe("reload", listener);

/** `listener("live" | "lost")` is told when the sandbox answers again, and when it does not. */
export const onStatus = (listener) => subscribe("status", listener);

/** Whether wire entries shall come along; a change takes effect at once. */
export function wantWire(wanted) {
  if (wanted === wireWanted) return;
  wireWanted = wanted;
  if (!wanted) position.wire = null;
  running?.abort();
}

/** Follow the sandbox for as long as the page lives. */
export async function follow() {
  document.addEventListener("visibilitychange", () => (document.hidden ? running?.abort() : wake()));
  window.addEventListener("online", () => wake());
  let why = "start";
  let failures = 0;
  for (;;) {
    if (document.hidden) await sleep(Infinity);
    try {
      if (position.records === null) await loadAnew(why);
      tell("status", "live");
      failures = 0;
      why = await poll();
      if (why) position.records = position.wire = null;
      await sleep(CALM_MS);
    } catch (error) {
      if (error.name === "Interrupted") continue;
      console.warn("sandbox:", error.message);
      tell("status", "lost");
      why = "back";
      position.records = position.wire = null;
      await sleep(PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)]);
    }
  }
}

async function loadAnew(why) {
  // The position is taken before the load, so that nothing falls between; what comes twice is recognised by its number.
  const found = await call(`feed?records=${LATEST}&wait=0`);
  const reason = isAnother(found) ? "restarted" : why;
  instance ??= found.instance; // a first load that breaks off has shown something already
  await Promise.all([...listeners.reload].map((listener) => listener(reason)));
  position.records = found.last.records;
  instance = found.instance ?? instance;
}

/** Whether this answer comes from another sandbox than the page was loaded from. */
const isAnother = (found) => instance !== undefined && found.instance !== undefined && found.instance !== instance;

/** One poll; returns why everything must be loaded anew, or undefined. */
async function poll() {
  if (wireWanted && position.wire === null) {
    const newest = await call(`feed?records=${LATEST}&wire=${LATEST}&wait=0`);
    if (isAnother(newest)) return "restarted";
    position.wire = newest.last.wire;
  }
  const wire = wireWanted ? `&wire=${position.wire}` : "";
  const found = await interruptible(`feed?records=${position.records}${wire}&wait=${WAIT_SECONDS}`);
  const { last, oldest } = found;
  if (isAnother(found) || last.records < position.records) return "restarted";
  if (position.records + 1 < oldest.records) return "slow";
  take("records", found.records);
  if (wireWanted && found.wire) take("wire", found.wire);
  return undefined;
}

function take(kind, found) {
  if (!found.length) return;
  position[kind] = found.at(-1).seq;
  tell(kind, found);
}

async function interruptible(path) {
  running = new AbortController();
  const { signal } = running;
  try {
    return await call(path, undefined, { signal });
  } catch (error) {
    if (signal.aborted) throw Object.assign(new Error("interrupted"), { name: "Interrupted" });
    throw error;
  } finally {
    running = null;
  }
}

function subscribe(kind, listener) {
  listeners[kind].add(listener);
  return () => listeners[kind].delete(listener);
}

function tell(kind, ...news) {
  for (const listener of listeners[kind]) {
    try {
      listener(...news);
    } catch (error) {
      reportError(error); // one listener's mistake is no lost connection
    }
  }
}

/** Wait, but not while somebody calls wake(). */
const sleep = (milliseconds) => new Promise((resolve) => {
  const timer = milliseconds === Infinity ? null : setTimeout(resolve, milliseconds);
  wake = () => {
    clearTimeout(timer);
    resolve();
  };
});
