// The people one can be, and the one whose eyes one sees with.

import { news } from "./news.js";

const FIRST = [
  { staff_id: "wangfang", nick: "王芳" },
  { staff_id: "lilei", nick: "李雷" },
  { staff_id: "hanmeimei", nick: "韩梅梅" },
  { staff_id: null, nick: "外部访客" },
];
const ADDED = "people";
const VIEWER = "viewer";

const changed = news();
const viewerChanged = news();
const own = [...FIRST, ...remembered(ADDED, [])];
let met = []; // whoever else writes in one of the chats, and the viewer
let present = own.find((each) => isSame(each, remembered(VIEWER, FIRST[0]))) ?? FIRST[0];

/** The people one can be are others now. */
export const onPeople = changed.subscribe;
/** One sees with the eyes of another. */
export const onViewer = viewerChanged.subscribe;
export const people = () => [...own, ...met];
export const viewer = () => present;

/** Whether two are one person; those without a staff id go by their names. */
export function isSame(one, other) {
  return keyOf(one) === keyOf(other);
}

function keyOf({ staff_id, nick }) {
  return staff_id ? `id ${staff_id}` : `nick ${nick}`;
}

/** See with this person's eyes from now on. */
export function be(person) {
  if (isSame(person, present)) return;
  present = people().find((each) => isSame(each, person)) ?? { staff_id: person.staff_id ?? null, nick: person.nick };
  localStorage.setItem(VIEWER, JSON.stringify(present));
  meet(met);
  changed.tell();
  viewerChanged.tell();
}

/** These are in the chats; a stranger who is in none any more is forgotten. */
export function meet(persons) {
  const strangers = new Map([...persons, present].map((person) => [keyOf(person), person]));
  for (const person of own) strangers.delete(keyOf(person));
  const before = new Set(met.map(keyOf));
  met = [...strangers.values()].map(({ staff_id, nick }) => ({ staff_id: staff_id ?? null, nick }));
  if (before.symmetricDifference(strangers).size) changed.tell();
}

/** Make a person of this name up; an outsider has no staff id. Remembered beyond a reload. */
export function addPerson(nick, { outsider }) {
  const person = { staff_id: outsider ? null : `staff-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`, nick };
  localStorage.setItem(ADDED, JSON.stringify([...remembered(ADDED, []), person]));
  own.push(person);
  changed.tell();
  return person;
}

function remembered(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}
