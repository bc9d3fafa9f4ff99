// The wire panel's words, and what every kind of frame and call is called in them.

import { words } from "../language.js";

const zh = {
  wire: "线路", list: "线路上的帧和调用，最新的在最后", side: "哪一侧", all: "全部", dingtalk: "钉钉",
  dify: "AI",
  mine: "仅本会话机器人", refused: "仅异常", pings: "隐藏心跳", pause: "暂停", resume: "继续",
  clear: "清空", filters: "筛选",
  shown: (n) => `${n} 条`, paused: "已暂停", news: (n) => `${n} 条新的`, older: "显示更早的",
  missed: (n) => `中间有 ${n} 条没有收到，已超出沙箱保留的范围`,
  emptyTitle: "线路上还没有动静",
  empty: "给机器人发一条消息，这里会依次出现推送、确认、取 token、卡片调用和 AI 的回答。",
  emptyFilter: "没有符合筛选条件的记录", showAll: "显示全部", oneAnswer: "只看一个回答",
  onlyThis: "只看这个回答",
  botToDingtalk: "机器人 → 钉钉", dingtalkToBot: "钉钉 → 机器人", botToDify: "机器人 → AI",
  difyToBot: "AI → 机器人",
  nth: (n) => `第 ${n} 次`, nthLong: (n) => `这个回答到此用了 ${n} 次钉钉调用`, uncounted: "不计次",
  uncountedLong: "这次调用不占钉钉的额度",
  fault: "故障", faultLong: "打开的故障作用在这一条上", again: "重推",
  again_long: "同一条消息又推送了一次", events: (n) => `${n} 个事件`,
  ok: "成功", refused_verdict: "被拒绝", failed: "出错", dropped: "被挂断", left: "对方离开",
  lost: "丢失", cut: "中断", late: "迟到", flawed: "应答有误", unanswered: "没有确认", stray: "无主", whole: "完整",
  close: "关闭", earlier: "上一条", later: "下一条", copy: "复制", copied: "已复制", notCopied: "浏览器不让复制",
  loading: "正在读取…", gone: "这一条已超出沙箱保留的范围。", unreadable: (why) => `没有读到：${why}`,
  request: "请求", response: "响应", frame: "帧", headers: "请求头", answerHeaders: "响应头",
  noBody: "没有内容", noAnswer: "没有响应", streams: "从这里开始的是事件流，结束后另成一条。",
  unpack: "展开字符串里的 JSON",
  truncated: (kept) => `内容过长，这里只有开头（${kept}）`,
  binary: (size, type) => `${size}，${type || "二进制"}，内容不保留`,
  multipart: "上传的文件（内容不保留）", field: "字段", file: "文件名", size: "大小",
  masked: "密钥、token、ticket、会话和签名已遮住，只留前三位。",
  f_time: "时间", f_took: "耗时", f_status: "状态码", f_code: "错误码", f_verdict: "结果",
  f_reason: "原因", f_bot: "机器人", f_app: "AI 应用", f_in: "收到", f_out: "发出", f_answer: "属于",
  f_calls: "调用次数", f_events: "事件数", f_number: "序号",
};

const en = {
  wire: "Wire", list: "Frames and calls on the wire, the newest last", side: "Side", all: "All",
  dingtalk: "DingTalk", dify: "AI",
  mine: "This bot", refused: "Problems", pings: "Hide pings", pause: "Pause", resume: "Resume",
  clear: "Clear", filters: "Filters",
  shown: (n) => `${n} ${n === 1 ? "entry" : "entries"}`, paused: "Paused", news: (n) => `${n} new`,
  older: "Show older ones",
  missed: (n) => `${n} entries in between were missed; the sandbox no longer keeps them`,
  emptyTitle: "Nothing on the wire yet",
  empty: "Write to a bot: the push, its acknowledgement, the token, the card’s calls and the AI’s answer will appear here in order.",
  emptyFilter: "Nothing fits these filters", showAll: "Show everything", oneAnswer: "One answer only",
  onlyThis: "Only this answer",
  botToDingtalk: "bot → DingTalk", dingtalkToBot: "DingTalk → bot", botToDify: "bot → AI",
  difyToBot: "AI → bot",
  nth: (n) => `call ${n}`,
  nthLong: (n) => `this answer has taken ${n} DingTalk ${n === 1 ? "call" : "calls"} so far`,
  uncounted: "not counted", uncountedLong: "this call does not count in DingTalk’s quota",
  fault: "fault", faultLong: "a fault that is switched on struck here", again: "again",
  again_long: "the same message was pushed once more",
  events: (n) => `${n} ${n === 1 ? "event" : "events"}`,
  ok: "ok", refused_verdict: "refused", failed: "failed", dropped: "hung up", left: "left",
  lost: "lost", cut: "cut off", late: "late", flawed: "flawed answer", unanswered: "no ack", stray: "stray", whole: "whole",
  close: "Close", earlier: "Previous entry", later: "Next entry", copy: "Copy", copied: "Copied", notCopied: "The browser refuses",
  loading: "Reading…", gone: "The sandbox no longer keeps this entry.",
  unreadable: (why) => `It could not be read: ${why}`,
  request: "Request", response: "Response", frame: "Frame", headers: "Request headers",
  answerHeaders: "Response headers", noBody: "No body", noAnswer: "No answer",
  streams: "An event stream began here; it has an entry of its own once it has ended.",
  unpack: "Unpack JSON inside strings",
  truncated: (kept) => `Too long: only the beginning (${kept}) is kept`,
  binary: (size, type) => `${size} of ${type || "binary content"}, not kept`,
  multipart: "Uploaded files (contents not kept)", field: "Field", file: "File name", size: "Size",
  masked: "Secrets, tokens, tickets, sessions and signatures are masked but for their first three characters.",
  f_time: "Time", f_took: "Took", f_status: "Status", f_code: "Code", f_verdict: "Verdict",
  f_reason: "Reason", f_bot: "Bot", f_app: "AI app", f_in: "Received", f_out: "Sent",
  f_answer: "Belongs to", f_calls: "Calls so far", f_events: "Events", f_number: "Number",
};

const names = {
  zh: {
    connect: "建立连接", "gateway.open": "申请连接", token: "取 token", create: "创建卡片",
    deliver: "投放卡片", create_and_deliver: "创建并投放卡片", update: "更新卡片",
    spaces: "更新会话摘要",
    streaming: "流式更新卡片", webhook: "会话回复", media: "上传文件", download: "取文件地址",
    standard_send: "发送普通版卡片", standard_update: "更新普通版卡片", group_send: "发群消息",
    oto_send: "发单聊消息", register_callback: "注册卡片回调", unknown: "没有的接口", oss: "下载文件",
    message: "推送消息", click: "推送按钮点击", ping: "心跳", pong: "心跳应答", connected: "连接就绪",
    registered: "订阅就绪", disconnect: "预告断开", closed: "连接关闭",
    "ack.message": "确认消息", "ack.click": "应答点击", "ack.other": "确认", stray: "对不上的确认",
    ask: "提问", stream: "回答（事件流）", stop: "停止生成", upload: "上传文件给 AI",
    fetch: "下载 AI 的文件", suggested: "取建议问题", feedback: "反馈", parameters: "读应用参数",
    info: "读应用信息", meta: "读工具图标",
    messages: "读历史消息", conversations: "会话", run: "读运行详情", probe: "探测版本",
  },
  en: {
    connect: "Connect", "gateway.open": "Open a connection", token: "Get a token",
    create: "Create card", deliver: "Deliver card", create_and_deliver: "Create and deliver card",
    update: "Update card", spaces: "Update chat preview",
    streaming: "Stream into card", webhook: "Reply by webhook", media: "Upload file",
    download: "Get file address", standard_send: "Send standard card",
    standard_update: "Update standard card", group_send: "Send to group", oto_send: "Send to person",
    register_callback: "Register card callback",
    unknown: "No such API", oss: "Fetch file",
    message: "Push message", click: "Push button click", ping: "Ping", pong: "Pong",
    connected: "Connected", registered: "Registered", disconnect: "Disconnect announced",
    closed: "Connection closed",
    "ack.message": "Acknowledge message", "ack.click": "Answer click", "ack.other": "Acknowledge",
    stray: "Acknowledges nothing",
    ask: "Ask", stream: "Answer (event stream)", stop: "Stop answer", upload: "Upload file to AI",
    fetch: "Fetch AI’s file", suggested: "Suggested questions", feedback: "Feedback",
    parameters: "Read parameters", info: "Read app info", meta: "Read tool icons",
    messages: "Read messages", conversations: "Conversations", run: "Read run", probe: "Probe version",
  },
};

// Calls that bring no name of their own: by their method and path, the first that fits.
const byPath = [
  [/\/stop$/, "stop"], [/\/(chat-messages|completion-messages|workflows\/run|chat\/completions|codebuddy\/agent)$/, "ask"],
  [/\/files\/upload$/, "upload"], [/\/workflows\/run\//, "run"],
  [/\/suggested$/, "suggested"], [/\/feedbacks$/, "feedback"], [/\/parameters$/, "parameters"],
  [/\/info$/, "info"], [/\/meta$/, "meta"], [/\/messages$/, "messages"],
  [/\/conversations/, "conversations"], [/ \/files\//, "fetch"], [/ \/oss\//, "oss"],
  [/ \/connect$/, "connect"], [/ \/v1\/?$/, "probe"],
];

/** t("name", ...) of this panel. */
export const t = words({ zh, en });
const named = words(names);

/** What an entry is, in words people know. */
export function nameOf(entry) {
  if (entry.kind === "stream") return named("stream");
  const name = entry.api ?? byPath.find(([path]) => path.test(entry.what))?.[1];
  return name ? named(name) : entry.what;
}

/** Which of the two it went to or came from: "dingtalk", or "ai" for any of the AIs. */
export const sideOf = ({ side }) => (side === "dingtalk" ? side : "ai");

/** Whose word it is: "bot → DingTalk" and the like. */
export function directionOf({ side, way }) {
  if (sideOf({ side }) === "ai") return t(way === "in" ? "botToDify" : "difyToBot");
  return t(way === "in" ? "botToDingtalk" : "dingtalkToBot");
}

/** A verdict in words. */
export const verdictOf = ({ verdict }) => t(verdict === "refused" ? "refused_verdict" : verdict);

const TONES = { ok: "good", whole: "good", late: "warn", flawed: "warn", left: "warn", stray: "warn", unanswered: "warn" };

/** "good", "warn" or "bad". */
export const toneOf = ({ verdict }) => TONES[verdict] ?? "bad";

/** Bytes as people read them. */
export function sizeOf(bytes) {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Seconds as people read them. */
export function spanOf(seconds) {
  if (seconds < 0.001) return "<1 ms";
  return seconds < 1 ? `${Math.round(seconds * 1_000)} ms` : `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

/** 02:48:20.318 */
export function clockOf(seconds) {
  const at = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
