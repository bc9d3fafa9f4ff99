// Pictures: ours are shown and open large on a click, other people's are fetched when somebody asks for them.

import { mediaAddress } from "../api.js";
import { element, icon, make } from "../dom.js";
import { t } from "../words.js";

const MEDIA_ID = /^[@$][\w-]{8,80}$/;
// Nothing but the addresses of files: a path that leads elsewhere ("/files/../...") would be fetched as a picture.
const OURS = /^(?:\/sandbox\/media\/[@$][\w-]{8,80}|\/files\/(?:tools\/[\w-]+\.\w+|[\w-]+\/file-preview)(?:\?[\w=&%.-]*)?)$/;
const LINK = /^(?:(?:https?|dingtalk|mailto):|\/)/i;

/** A picture by media id or address. */
export function picture(source, name = "") {
  if (MEDIA_ID.test(source)) return shown(mediaAddress(source), name);
  return OURS.test(source) ? shown(source, name) : foreign(source, name);
}

/** Clicks on any picture inside `root`, also on those that came with markdown. */
export function watchPictures(root) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a.picture");
    if (link) {
      event.preventDefault();
      fetchForeign(link);
      return;
    }
    const image = event.target.closest("button.enlarge")?.querySelector("img");
    if (image) enlarge(image);
  });
  root.addEventListener("error", (event) => {
    if (event.target instanceof HTMLImageElement) replaceBroken(event.target);
  }, true);
  const dialog = element("picture-dialog");
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || target === element("picture-large")) dialog.close();
  });
}

/** Give the pictures and foreign links of rendered markdown their buttons and words. */
export function dressPictures(root) {
  for (const link of root.querySelectorAll("a.picture:not(.is-dressed)")) dress(link);
  for (const image of root.querySelectorAll("img")) {
    if (!image.closest("button, a")) image.replaceWith(enlarging(image.cloneNode()));
  }
}

function shown(address, name) {
  return enlarging(make("img", { src: address, alt: name || t("picture"), loading: "lazy" }));
}

function enlarging(image) {
  const label = image.alt && image.alt !== t("picture") ? `${t("enlarge")}: ${image.alt}` : t("enlarge");
  return make("button", { type: "button", class: "enlarge", "aria-label": label }, image);
}

function foreign(address, name) {
  const link = make("a", { class: "picture", href: safe(address), target: "_blank", rel: "noopener noreferrer", text: name });
  dress(link);
  return link;
}

function dress(link) {
  link.classList.add("is-dressed");
  link.dataset.name = link.textContent;
  link.replaceChildren(icon("picture"), make("span", { text: t("loadPicture", link.host || link.href) }));
}

function fetchForeign(link) {
  if (!/^https?:$/.test(link.protocol)) return;
  const image = make("img", { alt: link.dataset.name || t("picture"), referrerPolicy: "no-referrer", src: link.href });
  link.replaceWith(enlarging(image));
}

function replaceBroken(image) {
  if (image.id === "picture-large") return;
  const place = image.closest("button.enlarge") ?? image;
  place.replaceWith(make("span", { class: "gone" }, icon("warning"), `${t("pictureGone")}${image.alt ? ` (${image.alt})` : ""}`));
}

function enlarge(image) {
  Object.assign(element("picture-large"), { src: image.src, alt: image.alt });
  element("picture-link").href = image.src;
  element("picture-dialog").showModal();
}

/** Only web addresses are links. */
export const safe = (address) => (typeof address === "string" && LINK.test(address) ? address : undefined);
