// A bot as the client's own examples write it: addresses fixed to DingTalk's hosts, nothing of the sandbox known.
import axios from "axios";
import { DWClient } from "dingtalk-stream";

const API = "https://api.dingtalk.com/v1.0";
const TEMPLATE = "own.schema";
const { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } = process.env;
const client = new DWClient({ clientId, clientSecret });

async function call(method, path, data) {
  const headers = { "x-acs-dingtalk-access-token": await client.getAccessToken() };
  return (await axios({ method, url: API + path, data, headers })).data;
}

async function streamAnswer(outTrackId, pieces) {
  let content = "";
  for (const piece of pieces) {
    content += piece;
    const isFinalize = piece === pieces.at(-1);
    const frame = { outTrackId, guid: crypto.randomUUID(), key: "content", content, isFull: true, isFinalize, isError: false };
    await call("PUT", "/card/streaming", frame);
  }
}

async function answerByCard(message) {
  const outTrackId = crypto.randomUUID();
  const group = message.conversationType === "2";
  const space = group ? `IM_GROUP.${message.conversationId}` : `IM_ROBOT.${message.senderStaffId}`;
  const made = await call("POST", "/card/instances/createAndDeliver", {
    cardTemplateId: TEMPLATE,
    outTrackId,
    callbackType: "STREAM",
    cardData: { cardParamMap: { content: "", config: JSON.stringify({ autoLayout: true }) } },
    openSpaceId: `dtv1.card//${space}`,
    imGroupOpenSpaceModel: { supportForward: true },
    imRobotOpenSpaceModel: { supportForward: true },
    imGroupOpenDeliverModel: { robotCode: clientId },
    imRobotOpenDeliverModel: { spaceType: "IM_ROBOT", robotCode: clientId },
  });
  if (!made.result.deliverResults.every((each) => each.success)) throw new Error(JSON.stringify(made));
  await streamAnswer(outTrackId, ["你说：", message.text.content.trim(), "。"]);
  await call("PUT", "/card/instances", {
    outTrackId,
    cardData: { cardParamMap: { hasAction: "true" } },
    cardUpdateOptions: { updateCardDataByKey: true },
  });
}

async function onMessage(frame) {
  const message = JSON.parse(frame.data);
  const said = { msgtype: "text", text: { content: `收到${message.text.content.trim()}` } };
  const headers = { "x-acs-dingtalk-access-token": await client.getAccessToken() };
  const answer = await axios({ url: message.sessionWebhook, method: "POST", responseType: "json", data: said, headers });
  client.socketCallBackResponse(frame.headers.messageId, answer.data);
  await answerByCard(message);
}

function onClick(frame) {
  const { content, userId } = JSON.parse(frame.data);
  const [action] = JSON.parse(content).cardPrivateData.actionIds;
  client.socketCallBackResponse(frame.headers.messageId, {
    cardUpdateOptions: { updateCardDataByKey: true, updatePrivateDataByKey: true },
    cardData: { cardParamMap: { hasAction: "false" } },
    userPrivateData: { cardParamMap: { content: `${userId} 按了 ${action}` } },
  });
}

client.registerCallbackListener("/v1.0/im/bot/messages/get", onMessage);
client.registerCallbackListener("/v1.0/card/instances/callback", onClick);
await client.connect();
process.stdin.on("end", () => process.exit(0)).resume();
