// What is pasted, dropped or chosen: pictures go between the texts, everything else onto the tray.

import { element } from "../dom.js";
import { pictureNode } from "./editor.js";
import { bring, bringPicture, isPicture } from "./uploads.js";

/** {add(files, {asFiles}), settled()}: settled resolves when nothing is on its way; complain(sentence) says what went wrong. */
export function brought({ box, tray, complain }) {
  const coming = new Set();

  function add(files, { asFiles = false } = {}) {
    complain("");
    for (const file of files) {
      const work = !asFiles && isPicture(file) ? addPicture(file) : addFile(file);
      const done = work.catch((error) => complain(error.message));
      coming.add(done);
      done.finally(() => coming.delete(done));
    }
  }

  async function addPicture(file) {
    const address = URL.createObjectURL(file);
    const image = pictureNode({ file: null, name: file.name }, address);
    image.classList.add("is-coming");
    for (const end of ["load", "error"]) image.addEventListener(end, () => URL.revokeObjectURL(address), { once: true });
    box.insert(image);
    try {
      image.dataset.file = (await bringPicture(file)).file;
      image.classList.remove("is-coming");
    } catch (error) {
      image.remove();
      throw error;
    } finally {
      box.report();
    }
  }

  async function addFile(file) {
    const waiting = { file: null, name: file.name, bytes: file.size, kind: "file" };
    tray.add(waiting);
    try {
      tray.replace(waiting, await bring(file));
    } catch (error) {
      tray.remove(waiting);
      throw error;
    }
  }

  return { add, settled: () => Promise.all(coming) };
}

/** Files may be dropped anywhere on the chat, and chosen with the two buttons: what one of them chose as a file stays one. */
export function mountSources(add) {
  for (const [button, input] of [["add-picture", "picture-input"], ["add-file", "file-input"]]) {
    element(button).addEventListener("click", () => element(input).click());
    element(input).addEventListener("change", ({ target }) => {
      add([...target.files], { asFiles: button === "add-file" });
      target.value = "";
    });
  }
  const place = element("chat");
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  place.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    place.classList.add("is-over");
  });
  for (const end of ["dragleave", "drop"]) place.addEventListener(end, () => place.classList.remove("is-over"));
  place.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
}
