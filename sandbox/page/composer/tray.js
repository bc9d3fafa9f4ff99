// The files that wait below the text to be sent, each as a message of its own.

import { iconButton, make } from "../dom.js";
import { size } from "../log/kinds.js";
import { t } from "../words.js";

/** A list of {file, name, bytes, kind}; changed() after every change. */
export function tray(root, changed) {
  let files = [];

  function draw() {
    root.hidden = files.length === 0;
    root.replaceChildren(...files.map((each) => make("li", { class: "waiting" },
      make("span", { class: "file-name", text: each.name }),
      make("span", { class: "file-size", text: each.file ? size(each.bytes) : t("uploading") }),
      iconButton("close", t("remove", each.name), { onclick: () => remove(each) }))));
  }

  function set(newer) {
    files = newer;
    draw();
    changed();
  }

  const remove = (file) => set(files.filter((each) => each !== file));

  return {
    set,
    remove,
    add: (file) => set([...files, file]),
    replace: (file, newer) => set(files.map((each) => (each === file ? newer : each))),
    files: () => files,
    draw,
  };
}
