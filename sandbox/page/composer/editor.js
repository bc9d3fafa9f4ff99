// The box one writes in: text, pictures between texts and mentions, read and set as parts [{text} | {at} | {picture: {file, name}}].

import { mediaAddress } from "../api.js";
import { make } from "../dom.js";

const BLOCKS = ["DIV", "P", "LI"];
const BLANK_LINES = /^\s*\n|^\s+$/; // what indents the first line stays

/** Make `root` writable; changed() after every change, files(list) for what is pasted, submit() for Enter. */
export function editor(root, { changed, files, submit, key }) {
  let caret = null; // the last place in the box, for what comes from elsewhere

  root.contentEditable = "true";
  try {
    root.contentEditable = "plaintext-only";
  } catch {
    // older browsers: pasted text is made plain below
  }
  const isInside = (range) => root.contains(range.commonAncestorContainer);

  const noteCaret = () => {
    const selection = document.getSelection();
    if (selection.rangeCount && isInside(selection.getRangeAt(0))) caret = selection.getRangeAt(0).cloneRange();
  };

  document.addEventListener("selectionchange", noteCaret);
  root.addEventListener("input", report);
  root.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return; // an input method is at work: Enter is its own
    if (key(event)) return event.preventDefault();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    submit();
  });
  root.addEventListener("paste", (event) => {
    event.preventDefault();
    const brought = [...event.clipboardData.files];
    if (brought.length) return files(brought);
    document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
  });
  root.addEventListener("beforeinput", (event) => {
    if (root.ariaDisabled === "true" || event.inputType.startsWith("format")) event.preventDefault();
  });

  function report() {
    root.classList.toggle("is-empty", parts().length === 0);
    changed();
  }

  /** What is in the box, neighbouring texts joined, without blank lines before and white space behind it all. */
  function parts() {
    const found = [];
    collect(root, found);
    return trimmed(found);
  }

  function set(newer) {
    root.replaceChildren(...newer.map(nodeOf));
    caret = null;
    report();
  }

  function insert(node) {
    const place = caret && isInside(caret) ? caret : end();
    place.deleteContents();
    place.insertNode(node);
    place.setStartAfter(node);
    place.collapse(true);
    const selection = document.getSelection();
    selection.removeAllRanges();
    selection.addRange(place);
    caret = place.cloneRange();
    report();
  }

  function end() {
    const range = document.createRange();
    range.selectNodeContents(root);
    range.collapse(false);
    return range;
  }

  /** The letters between the last "@" and the caret, or null when nobody is being mentioned. */
  function query() {
    noteCaret();
    if (!caret || caret.startContainer.nodeType !== Node.TEXT_NODE) return null;
    return /@([^\s@]{0,16})$/.exec(caret.startContainer.data.slice(0, caret.startOffset))?.[1] ?? null;
  }

  /** A mention takes the place of "@" and of what was typed behind it. */
  function mention(name) {
    const typed = query();
    if (typed !== null) caret.setStart(caret.startContainer, caret.startOffset - typed.length - 1);
    insert(nodeOf({ at: name }));
    insert(document.createTextNode(" "));
    root.focus();
  }

  return { parts, set, insert, query, mention, insertText: (text) => insert(document.createTextNode(text)), report };
}

/** The picture as it stands in the box; `address` shows it before it is uploaded. */
export function pictureNode({ file, name }, address = mediaAddress(file)) {
  return make("img", { class: "inline", src: address, alt: name, title: name, dataset: file ? { file } : {} });
}

function nodeOf(part) {
  if (part.picture) return pictureNode(part.picture);
  if (part.at) return make("span", { class: "at", contentEditable: "false", dataset: { at: part.at }, text: `@${part.at}` });
  return document.createTextNode(part.text);
}

function collect(node, found) {
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) addText(found, child.data.replaceAll("\u00a0", " "));
    else if (child.nodeName === "BR") addText(found, "\n");
    else if (child.nodeName === "IMG") found.push({ picture: { file: child.dataset.file ?? null, name: child.alt } });
    else if (child.dataset?.at) found.push({ at: child.dataset.at });
    else {
      const isBlock = BLOCKS.includes(child.nodeName);
      if (isBlock) beginLine(found);
      collect(child, found);
      if (isBlock) beginLine(found);
    }
  }
}

/** A block stands on lines of its own; one that holds a BR alone is one line, not two. */
function beginLine(found) {
  if (found.length && !found.at(-1).text?.endsWith("\n")) addText(found, "\n");
}

function addText(found, text) {
  const last = found.at(-1);
  if (last?.text !== undefined) last.text += text;
  else found.push({ text });
}

function trimmed(found) {
  const [first] = found;
  if (first?.text !== undefined) first.text = first.text.replace(BLANK_LINES, "");
  const last = found.at(-1);
  if (last?.text !== undefined) last.text = last.text.trimEnd();
  return found.filter((part) => part.text !== "");
}
