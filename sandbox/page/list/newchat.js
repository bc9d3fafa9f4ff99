// The dialog that begins a chat: which bot, alone or in a group, and the group's name.

import { openDialog } from "../dialogs.js";
import { element, make } from "../dom.js";
import { bots, isUp } from "../model/bots.js";
import { beginGroup, openChat } from "../model/chats.js";
import { choose } from "../model/chosen.js";
import { t } from "../words.js";

export function mountNewChat() {
  element("new-chat").addEventListener("click", open);
  for (const radio of kinds()) radio.addEventListener("change", drawKind);
}

function open() {
  const options = bots().map((bot) => make("option", {
    value: bot.client_id,
    text: isUp(bot) ? bot.name : `${bot.name} (${t("offline")})`,
    selected: bot.client_id === openChat()?.client_id,
  }));
  element("new-bot").replaceChildren(...options);
  element("new-title").value = t("groupDefault");
  drawKind();
  openDialog(element("new-chat-dialog"), begin);
}

function begin() {
  const client_id = element("new-bot").value;
  if (isGroup()) beginGroup(client_id, element("new-title").value.trim());
  else choose({ client_id, conversation_id: null, conversation_type: "1", title: "" });
  setTimeout(() => element("text").focus()); // after the dialog gave the focus back
}

function drawKind() {
  element("new-group").hidden = !isGroup();
  element("new-title").required = isGroup();
}

const kinds = () => [...document.getElementsByName("new-kind")];
const isGroup = () => kinds().some((radio) => radio.checked && radio.value === "2");
