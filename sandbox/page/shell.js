// The frame of the page: status, language, theme, and which pane a phone shows.

import { element, icon, say } from "./dom.js";
import { onReload, onStatus } from "./feed.js";
import { chooseLanguage, language, onLanguage } from "./language.js";
import { bots, isUp, onBots } from "./model/bots.js";
import { chatList, onChats } from "./model/chats.js";
import { choose, chosen } from "./model/chosen.js";
import { onViewer, viewer } from "./model/people.js";
import { notify } from "./notice.js";
import { chooseTheme, nextTheme, theme } from "./theme.js";
import { drawWords, t } from "./words.js";

const PHONE = matchMedia("(max-width: 760px)");
let status = "connecting";

export function mountShell() {
  element("language").addEventListener("click", () => chooseLanguage(language() === "zh" ? "en" : "zh"));
  element("theme").addEventListener("click", () => {
    chooseTheme(nextTheme());
    drawTheme();
  });
  element("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address of the page names the chat
    element("text").focus();
  });
  element("back").append(icon("back"));
  element("new-chat").append(icon("plus"));
  element("picture-close").append(icon("close"));
  element("back").addEventListener("click", () => choose(null));
  onLanguage(draw);
  onBots(drawStatus);
  onStatus((now) => {
    status = now;
    drawStatus();
  });
  onReload((why) => {
    if (why !== "start") notify(t(why));
  });
  onViewer(() => notify(t("nowAs", viewer().nick)));
  chosen.subscribe(drawPane);
  onChats(chooseFirst);
  draw();
  drawPane();
}

function draw() {
  drawWords();
  drawStatus();
  drawTheme();
}

function drawStatus() {
  const all = bots().length;
  const up = bots().filter(isUp).length;
  const words = { connecting: t("connecting"), lost: t("lost"), live: all ? t("bots", up, all) : t("noBots") };
  Object.assign(element("status").dataset, { state: status, bots: up < all ? "some" : "all" });
  say(element("status"), words[status]);
}

function drawTheme() {
  const label = t(`theme_${theme()}`);
  element("theme").replaceChildren(icon(theme()));
  element("theme").setAttribute("aria-label", label);
  element("theme").title = label;
}

/** A phone shows the list or the chat: the focus goes along from the one that is hidden to the other. */
function drawPane() {
  const hasChat = chosen.get() !== null;
  const isLeaving = PHONE.matches && element(hasChat ? "list" : "chat").contains(document.activeElement);
  document.body.classList.toggle("has-chat", hasChat);
  if (isLeaving) (hasChat ? element("chat-title") : element("chats").querySelector("[tabindex='0']"))?.focus();
}

/** Beside the list there is always a chat. */
function chooseFirst() {
  if (PHONE.matches || chosen.get()) return;
  const { own, groups } = chatList();
  const first = own[0] ?? groups[0];
  if (first) choose(first, { quietly: true });
}
