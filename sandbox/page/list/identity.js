// "我是": the switch between people, and the dialog that makes one up.

import { element, make } from "../dom.js";
import { face } from "../face.js";
import { onLanguage } from "../language.js";
import { addPerson, be, isSame, onPeople, people, viewer } from "../model/people.js";
import { t } from "../words.js";
import { openDialog } from "../dialogs.js";

const ADD = "add";

export function mountIdentity() {
  element("person").addEventListener("change", change);
  onPeople(draw);
  onLanguage(draw);
  draw();
}

function draw() {
  const select = element("person");
  const options = people().map((person, index) => make("option", { value: index, text: person.nick, selected: isSame(person, viewer()) }));
  select.replaceChildren(...options, make("option", { value: ADD, text: t("addPerson") }));
  const mine = face(viewer().nick);
  element("my-face").className = mine.className;
  element("my-face").replaceChildren(...mine.childNodes);
}

function change() {
  const { value } = element("person");
  if (value !== ADD) return be(people()[value]);
  draw();
  element("person-name").value = "";
  openDialog(element("person-dialog"), () => {
    const nick = element("person-name").value.trim();
    be(people().find((each) => each.nick === nick) ?? addPerson(nick, { outsider: element("person-outsider").checked }));
  });
}
