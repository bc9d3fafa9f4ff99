// One AI card: its state, its growing text, and buttons that stay the same elements while it grows.

import { call } from "../api.js";
import { announce, icon, make, say } from "../dom.js";
import { botName } from "../model/bots.js";
import { refresh } from "../model/cards.js";
import { viewer } from "../model/people.js";
import { notify } from "../notice.js";
import { t } from "../words.js";
import { dressCode } from "./code.js";
import { linkButton } from "./kinds.js";
import { renderedNodes } from "./markdown.js";
import { dressPictures, picture } from "./pictures.js";
import { typewriter } from "./typewriter.js";

const ANNOUNCED = 300; // characters of an answer that are read out by themselves
const GROWING = new Set(["processing", "inputing"]);
const BLOCKS = ["head", "title", "state", "body", "still", "list", "images", "carousel", "buttons"];
const PARTS = { ...Object.fromEntries(BLOCKS.map((name) => [name, "div"])), tips: "p", foot: "p" }; // by name, its tag
const COLOURS = new Set(["red", "green", "orange", "blue", "gray"]);

/** {element, update(card), rest()}; `atOnce` when the card was there before somebody looked, so that nothing need be typed. */
export function cardView(id, { atOnce }) {
  const parts = Object.fromEntries(Object.entries(PARTS).map(([name, tag]) => [name, make(tag, { class: `card-${name}` })]));
  parts.title.hidden = true;
  parts.body.classList.add("md");
  parts.still.classList.add("md");
  parts.head.append(parts.title, parts.state);
  const element = make("article", { class: "card", "aria-live": "off", dataset: { card: id } }, parts.head, parts.body, parts.still,
    parts.list, parts.images, parts.carousel, parts.tips, parts.buttons, parts.foot);
  const writer = typewriter(parts.body, complete);
  const buttons = new Map();
  const shown = {};
  let asked = 0; // texts that were sent to be rendered
  let standing = 0; // the one of them that was drawn last
  let grew = !atOnce; // whether its end is news: a quick answer may never be seen growing
  let bot = "";

  function update(card) {
    if (card.isGone) return drawGone();
    const view = { ...card, ...card.views?.[viewer().staff_id] };
    bot = botName(card.client_id);
    drawState(view);
    if (changed("text", [view.text, view.state])) drawText(view);
    if (changed("static", view.static)) drawStill(view.static);
    if (changed("list", view.list)) parts.list.replaceChildren(...list(view.list));
    if (changed("images", view.images)) parts.images.replaceChildren(...(view.images ?? []).map((each) => picture(each)));
    if (changed("carousel", view.carousel)) parts.carousel.replaceChildren(...slides(view.carousel));
    say(parts.tips, typeof view.tips === "string" ? view.tips : "");
    drawButtons(card, view.buttons ?? []);
    say(parts.foot, view.calls ? t("calls", view.calls) : "");
  }

  /** The sandbox keeps it no longer: what stands there stays, and nothing can be pressed any more. */
  function drawGone() {
    Object.assign(element, { ariaBusy: "false", ariaLabel: t("cardGone") });
    parts.state.replaceChildren(icon("warning"));
    parts.buttons.replaceChildren();
    say(parts.tips, t("cardGone"));
  }

  function drawState(view) {
    const isGrowing = GROWING.has(view.state);
    grew ||= isGrowing;
    element.dataset.state = view.state;
    if (isGrowing) element.ariaBusy = "true";
    element.setAttribute("aria-label", `${view.title || t("card")} (${t(view.state)})`);
    const name = t(view.state);
    if (changed("state", [view.state, name])) parts.state.replaceChildren(sign(view.state), make("span", { text: name }));
    if (changed("title", [view.title, view.logo])) {
      const logo = view.logo?.startsWith("@") ? [picture(view.logo)] : [];
      parts.title.hidden = !view.title;
      parts.title.replaceChildren(...logo, make("strong", { text: view.title ?? "" }));
    }
  }

  async function drawText(view) {
    const turn = (asked += 1);
    const isStill = atOnce && standing === 0;
    if (!isStill) element.ariaBusy = "true"; // until all of it stands there
    const nodes = await renderedNodes(view.text ?? "", "card");
    if (turn < standing) return; // a slow answer never overwrites a newer one
    dressPictures(nodes);
    dressCode(nodes);
    standing = turn;
    writer.show(nodes, { ended: !GROWING.has(view.state), atOnce: isStill });
  }

  function complete() {
    if (standing < asked) return; // a newer text is being rendered
    element.ariaBusy = "false";
    if (!grew) return;
    grew = false;
    const words = [...parts.body.children].map((block) => block.textContent.trim()).join(" ").slice(0, ANNOUNCED);
    announce((element.dataset.state === "failed" ? t("failedAnswer", bot) : t("finishedAnswer", bot)) + words);
  }

  async function drawStill(text) {
    parts.still.replaceChildren(...(text ? [await renderedNodes(text, "card")] : []));
  }

  function drawButtons(card, offered) {
    const kept = new Set();
    offered.forEach((offer, index) => {
      const key = `${offer.id ?? ""} ${offer.url ?? ""} ${offer.id || offer.url ? "" : index}`;
      const button = buttons.get(key) ?? makeButton(card, offer);
      buttons.set(key, button);
      kept.add(key);
      say(button, offer.text ?? offer.id ?? "");
      if (parts.buttons.children[index] !== button) parts.buttons.insertBefore(button, parts.buttons.children[index] ?? null);
    });
    for (const [key, button] of buttons) {
      if (kept.has(key)) continue;
      button.remove();
      buttons.delete(key);
    }
  }

  /** Whether a part differs from what was drawn of it last. */
  function changed(name, value) {
    const now = JSON.stringify(value ?? null);
    if (shown[name] === now) return false;
    shown[name] = now;
    return true;
  }

  return { element, update, rest: writer.rest };
}

function makeButton(card, offer) {
  if (offer.url && !offer.request) return linkButton(offer);
  const button = make("button", { type: "button", disabled: !offer.id });
  if (COLOURS.has(offer.color)) button.classList.add(`is-${offer.color}`);
  button.addEventListener("click", () => press(button, card, offer));
  return button;
}

async function press(button, card, offer) {
  const { staff_id } = viewer();
  if (!staff_id) return notify(t("outsiderClick"), "warn");
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    const body = { out_track_id: card.out_track_id, user_id: staff_id, action_id: offer.id, params: offer.params ?? {} };
    const { answered } = await call("clicks", body);
    if (!answered) notify(t("clickUnanswered"), "warn");
    await refresh(card.out_track_id);
  } catch (error) {
    notify(t("clickFailed", error.status ? error.message : t("gone")), "bad");
  } finally {
    button.ariaBusy = "false";
  }
}

/** Three dots that breathe while it works, a mark when it ended. */
function sign(state) {
  if (!GROWING.has(state)) return icon(state === "failed" ? "warning" : "check");
  return make("span", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
}

const list = (items) => (items?.length ? [make("ul", {}, ...items.map((item) => make("li", { text: item })))] : []);

/** Pictures in a row with their words; the client turns them by itself, here they are scrolled. */
const slides = (items) => (items ?? []).map((item) => {
  const source = typeof item === "string" ? item : item.image ?? item.picture ?? item.url;
  const words = typeof item === "string" ? "" : item.title ?? item.text ?? "";
  return make("figure", {}, source ? picture(source, words) : null, words ? make("figcaption", { text: words }) : null);
});
