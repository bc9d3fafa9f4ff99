// Brings a file to the sandbox, or says in a sentence why that did not work.

import { LARGEST_FILE, upload } from "../api.js";
import { t } from "../words.js";

/** Resolves to {file, name, bytes, kind}; rejects with an Error whose message is for people. */
export async function bring(file) {
  if (file.size > LARGEST_FILE) throw new Error(t("tooLarge", file.name));
  if (file.size === 0) throw new Error(t("emptyFile", file.name));
  try {
    return await upload(file);
  } catch (error) {
    if (error.status === 413) throw new Error(t("tooLarge", file.name));
    throw new Error(t("uploadProblem", file.name, error.status ? error.message : t("gone")));
  }
}

/** The same for what shall stand between texts: its name alone makes no picture. */
export async function bringPicture(file) {
  if (!await beginsAsPicture(file)) throw new Error(t("noPicture", file.name));
  return bring(file);
}

/** Whether it calls itself something that can stand between texts. */
export const isPicture = (file) => /^image\/(png|jpeg|gif|bmp|webp)$/.test(file.type);

const SIGNATURES = [/^\x89PNG\r\n\x1a\n/, /^\xff\xd8\xff/, /^GIF8[79]a/, /^BM/, /^RIFF[^]{4}WEBP/];

async function beginsAsPicture(file) {
  const bytes = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const beginning = String.fromCharCode(...bytes);
  return SIGNATURES.some((signature) => signature.test(beginning));
}
