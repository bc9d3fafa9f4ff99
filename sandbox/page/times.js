// Points in time as people read them in the chosen language.

import { t } from "./words.js";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** Above a group of messages: the time, with the day unless it is today. */
export function dayAndTime(seconds) {
  const { time, day } = parts(seconds);
  const age = daysAgo(seconds);
  if (age === 0) return t("today", time);
  return age === 1 ? t("yesterday", time) : `${day} ${time}`;
}

/** In the conversation list: the time of today, else the day. */
export function shortTime(seconds) {
  const { time, weekday, day } = parts(seconds);
  const age = daysAgo(seconds);
  if (age === 0) return time;
  return age * DAY_MS < WEEK_MS ? weekday : day;
}

/** To the second. */
export const exactTime = (seconds) => format(seconds, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export const isoTime = (seconds) => new Date(seconds * 1000).toISOString();

const parts = (seconds) => ({
  time: format(seconds, { hour: "2-digit", minute: "2-digit", hour12: false }),
  weekday: format(seconds, { weekday: "short" }),
  day: format(seconds, { month: "short", day: "numeric" }),
});

const daysAgo = (seconds) => Math.round((new Date().setHours(0, 0, 0, 0) - new Date(seconds * 1000).setHours(0, 0, 0, 0)) / DAY_MS);

const format = (seconds, options) => new Intl.DateTimeFormat(document.documentElement.lang, options).format(new Date(seconds * 1000));
