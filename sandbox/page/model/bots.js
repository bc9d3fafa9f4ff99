// The bots that the sandbox knows, whether they are connected, and which AI stands behind them.

import { call, reportUnlessGone } from "../api.js";
import { onRecords, onReload } from "../feed.js";
import { news, seldom } from "./news.js";

const APART_MS = 400;

const changed = news();
const state = { apps: [], shows: [], talkers: new Set(), ownAi: false };

export const onBots = changed.subscribe;
export const bots = () => state.apps;

/** Whether messages can reach a bot: it holds a connection, or has an address of its own, which may answer or not. */
export const isUp = ({ receive, connections }) => receive === "webhook" || connections > 0;
export const botName = (client_id) => state.apps.find((app) => app.client_id === client_id)?.name ?? client_id;

/** Scripted talk by name: [{name, title: {zh, en}}]; empty when another AI answers. Which bot asks our Dify is told by its name. */
export function shows(client_id) {
  const told = state.apps.some(({ name }) => state.talkers.has(name));
  return state.ownAi || (told && !state.talkers.has(botName(client_id))) ? [] : state.shows;
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
  state.shows = dify?.apps.length === 0 ? [] : (talk?.shows ?? []);
  state.ownAi = apps.length > 0 && [dify?.apps, openai?.gateways, codebuddy?.agents].every((ais) => ais?.length === 0);
  changed.tell();
});

onReload(load);
onRecords((records) => {
  if (records.some(({ kind }) => kind.startsWith("stream.") || kind === "app")) load().catch(reportUnlessGone);
});

/** What the sandbox may not have: null then. */
async function optional(path) {
  try {
    return await call(path);
  } catch (error) {
    if (error.status === 404 || error.status === 405) return null;
    throw error;
  }
}
