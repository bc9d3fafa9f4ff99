// The bots that the sandbox knows, whether they are connected, and which AI stands behind them.

import { call, reportUnlessGone } from "../api.js";
import { onRecords, onReload } from "../feed.js";
import { news, seldom } from "./news.js";

const APART_MS = 400;

const changed = news();
// What the scripted AI behind a gateway does when it is told to.
const ORDERS = [
  {
    title: { zh: "思考过程", en: "Thinking" },
    say: { zh: "[[think]] [[rate=3]] 天为什么是蓝的？", en: "[[think]] [[rate=3]] Why is the sky blue?" },
  },
  { title: { zh: "表格", en: "Tables" }, say: { zh: "[[table]] 今天气温多少？", en: "[[table]] How warm is it today?" } },
  { title: { zh: "代码", en: "Code" }, say: { zh: "[[code]] 怎么打招呼？", en: "[[code]] How do I say hello?" } },
];
const state = { apps: [], shows: [], talkers: new Set(), gateways: new Set(), ownAi: false };

export const onBots = changed.subscribe;
export const bots = () => state.apps;

/** Whether messages can reach a bot: it holds a connection, or has an address of its own, which may answer or not. */
export const isUp = ({ receive, connections }) => receive === "webhook" || connections > 0;
export const botName = (client_id) => state.apps.find((app) => app.client_id === client_id)?.name ?? client_id;

/** What a bot's AI can show: [{title, say}], each {zh, en}; empty when it is none of ours. A bot's name tells which AI it asks. */
export function shows(client_id) {
  const name = botName(client_id);
  if (state.gateways.has(name) && !state.talkers.has(name)) return ORDERS;
  const told = state.apps.some((app) => state.talkers.has(app.name));
  return state.ownAi || (told && !state.talkers.has(name)) ? [] : state.shows;
}

/** Whether the answers come from an AI that is not the sandbox's. */
export const ownAi = () => state.ownAi;

const load = seldom(APART_MS, async () => {
  const [{ apps }, talk, dify, openai, codebuddy] = await Promise.all([
    call("apps"),
    ...["dify/shows", "dify/apps", "openai/gateways", "codebuddy/agents"].map(optional),
  ]);
  state.apps = apps;
  state.talkers = new Set((dify?.apps ?? []).map(({ name }) => name));
  state.gateways = new Set((openai?.gateways ?? []).map(({ name }) => name));
  state.shows = dify?.apps.length === 0 ? [] : (talk?.shows ?? []).map(asOrder);
  state.ownAi = apps.length > 0 && [dify?.apps, openai?.gateways, codebuddy?.agents].every((ais) => ais?.length === 0);
  changed.tell();
});

onReload(load);
onRecords((records) => {
  if (records.some(({ kind }) => kind.startsWith("stream.") || kind === "app")) load().catch(reportUnlessGone);
});

const asOrder = ({ name, title }) => ({ title, say: { zh: `/show ${name}`, en: `/show ${name}` } });

/** What the sandbox may not have: null then. */
async function optional(path) {
  try {
    return await call(path);
  } catch (error) {
    if (error.status === 404 || error.status === 405) return null;
    throw error;
  }
}
