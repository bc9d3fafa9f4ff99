// Small tools of the model: a place to announce something, and work that is done seldom however often it is asked for.

/** {subscribe(listener) -> way to stop, tell(...what)}. */
export function news() {
  const listeners = new Set();
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(...what) {
      for (const listener of [...listeners]) {
        try {
          listener(...what);
        } catch (error) {
          reportError(error); // one listener's mistake is no other's
        }
      }
    },
  };
}

/** A function that does `work`, one at a time, `milliseconds` apart; what is asked meanwhile is done once, afterwards.
 *  Its promise is that of a run which began after the asking. */
export function seldom(milliseconds, work) {
  let last = Promise.resolve();
  let next = null;
  return () => (next ??= last.then(() => {
    next = null;
    const done = work();
    // Whoever asked is told of a failure by `done`; the next run comes all the same.
    last = done.catch(() => {}).then(() => pause(milliseconds));
    return done;
  }));
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
