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
const known = [...FIRST, ...remembered(ADDED, [])];
let present = known.find((each) => isSame(each, remembered(VIEWER, FIRST[0]))) ?? FIRST[0];

export const onPeople = changed.subscribe;
export const people = () => known;
export const viewer = () => present;

/** Whether two are one person; those without a staff id go by their names. */
export function isSame(one, other) {
  return one.staff_id || other.staff_id ? one.staff_id === other.staff_id : one.nick === other.nick;
}

/** See with this person's eyes from now on. */
export function be(person) {
  if (isSame(person, present)) return;
  meet([person]);
  present = known.find((each) => isSame(each, person));
  localStorage.setItem(VIEWER, JSON.stringify(present));
  changed.tell();
}

/** Take up whoever wrote to a bot. */
export function meet(persons) {
  const strangers = persons.filter((person) => !known.some((each) => isSame(each, person)));
  if (!strangers.length) return;
  for (const { staff_id, nick } of strangers) known.push({ staff_id: staff_id ?? null, nick });
  changed.tell();
}

/** Make a person of this name up; an outsider has no staff id. Remembered beyond a reload. */
export function addPerson(nick, { outsider }) {
  const person = { staff_id: outsider ? null : `staff-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`, nick };
  localStorage.setItem(ADDED, JSON.stringify([...remembered(ADDED, []), person]));
  meet([person]);
  return person;
}

function remembered(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}
