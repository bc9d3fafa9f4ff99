// Every word of the page itself (the panels bring their own), in both languages.

import { words } from "./language.js";

const zh = {
  title: "钉桥沙箱", tagline: "桌面上的钉钉", skip: "跳到消息输入框", language: "English", languageLabel: "English：切换到英文",
  theme_auto: "主题：跟随系统", theme_light: "主题：浅色", theme_dark: "主题：深色", details: "线路与故障",
  connecting: "正在连接沙箱…", noBots: "还没有机器人", bots: (up, all) => (up === all ? `${all} 个机器人在线` : `${up} / ${all} 个机器人在线`),
  lost: "沙箱已断开，正在重试…", back: "沙箱已重新连上，内容已重新加载。", slow: "页面没跟上沙箱，已重新加载。", restarted: "沙箱重新启动过，已重新加载。",

  chats: "会话", newChat: "发起会话", iAm: "我是", addPerson: "添加一个人…", groups: "群聊", own: "单聊", others: "别人的单聊",
  othersHint: "打开后，以那个人的身份查看", nothingYet: "还没有消息", unread: "有未读消息", offline: "离线",
  noBotsTitle: "还没有机器人", noBotsText: "运行 python app.py demo，或让你自己的机器人连接到这个沙箱。", backToChats: "返回会话列表",
  nowAs: (nick) => `现在以${nick}的身份查看。`,

  bot: "机器人", kind: "会话类型", alone: "单聊（只有我和机器人）", together: "群聊（几个人和机器人）", private: "单聊", group: "群聊", groupTitle: "群名", groupDefault: "产品讨论群",
  groupHint: "群里的每个人看到相同的消息，机器人只收到 @ 它的消息。", open: "打开", cancel: "取消", close: "关闭",
  personTitle: "添加一个人", personName: "姓名", outsider: "外部人员（没有 staffId）", add: "添加",

  chooseTitle: "选一个会话", chooseText: "从左边选一个会话，或发起新的会话。", start: (bot) => `和${bot}打个招呼吧`,
  startText: "消息会像在钉钉里一样推送给机器人，回答在这里逐字出现。", startGroup: "在群里 @ 机器人，它就会回答",
  people: (n) => `${n} 人`, log: "消息", newMessages: "有新消息", loading: "正在加载…",
  today: (time) => time, yesterday: (time) => `昨天 ${time}`, at: (nick) => `@${nick}`, me: "我",
  quote: "引用", quoteOf: (nick) => `引用 ${nick} 的消息`, quoted: (nick) => `引用 ${nick}`, noQuote: "不再引用", goToQuoted: "跳到被引用的消息",
  picture: "图片", enlarge: "查看大图", loadPicture: (host) => `加载图片（来自 ${host}）`, pictureGone: "图片加载失败", openInTab: "在新标签页打开",
  download: "下载", voice: "语音", seconds: (n) => `${n}″`, secondsLong: (n) => `${n} 秒语音`, recognised: "识别文字：", notRecognised: "没有识别出文字", play: "播放", noSound: "浏览器播放不了这段声音。",
  video: "视频", fileGone: "文件已不在沙箱里", link: "打开链接", copy: "复制", copied: "已复制", notCopied: "浏览器不让复制，请手动选中。", silent: (type) => `[${type}]`,
  type_picture: "[图片]", type_file: "[文件]", type_audio: "[语音]", type_video: "[视频]", type_card: "[卡片]", type_richText: "[图文]",
  type_link: "[链接]", type_actionCard: "[卡片]", type_feedCard: "[卡片]", type_markdown: "[消息]", type_text: "",
  undelivered: (why) => `没有送达：${why}`, noConnection: "机器人没有在线的连接。", notMentioned: "群里的消息没有 @ 机器人，钉钉不会推送给它。",
  notInGroups: "钉钉不会把群里的文件、语音和视频推送给机器人。", otherReason: (text) => `${text}。`,

  processing: "处理中", inputing: "输入中", finished: "已完成", failed: "出错", card: "AI 卡片",
  calls: (n) => `DingTalk 调用 ${n} 次`, finishedAnswer: (bot) => `${bot} 的回答：`, failedAnswer: (bot) => `${bot} 的回答出错了：`,
  clickFailed: (why) => `点击没有成功：${why}`, clickUnanswered: "机器人没有在 2 秒内回应这次点击。", outsiderClick: "外部访客没有 staffId，卡片回调里没有可用的 userId。",

  message: "消息", write: (name) => `发送给 ${name}`, send: "发送", sending: "正在发送…", hint: "Enter 发送，Shift + Enter 换行",
  addPicture: "图片", addFile: "文件", addVoice: "语音", addMention: "@ 同事", tryIt: "试试", ownAi: "回答来自你自己的 Dify，这里没有预设的演示对话。",
  mentionBot: (bot) => `@${bot}`, withoutBot: (bot) => `不 @ ${bot}`, againBot: (bot) => `＋ @${bot}`,
  notAtBot: "没有 @ 机器人：钉钉不会把这条消息推送给它。", colleagues: "提到谁", noColleague: "没有这个人",
  remove: (name) => `移除 ${name}`, uploading: "上传中…", fileInGroup: "群里的文件和视频，钉钉不会推送给机器人。",
  tooLarge: (name) => `“${name}” 超过 20 MB，钉钉不接受这么大的文件。已写的内容都还在。`, uploadProblem: (name, why) => `“${name}” 没有上传成功：${why}。已写的内容都还在。`,
  emptyFile: (name) => `“${name}” 是空文件，钉钉不接受。`, sendProblem: (why) => `没有发出去：${why}。内容还在，可以再试。`, gone: "沙箱没有回应",
  voiceTitle: "发送一条语音", voiceSeconds: "时长（秒）", voiceText: "识别出的文字", voiceFile: "声音文件（可不选）", voiceHint: "机器人收到语音时，也收到钉钉识别出的文字。",
  voiceInGroup: "群里的语音，钉钉不会推送给机器人。",

  wire: "线路", faults: "故障",
};

const en = {
  title: "DingBridge sandbox", tagline: "A DingTalk on your desk", skip: "Skip to the message box", language: "中文", languageLabel: "中文: switch to Chinese",
  theme_auto: "Theme: as the system", theme_light: "Theme: light", theme_dark: "Theme: dark", details: "Wire and faults",
  connecting: "Connecting to the sandbox…", noBots: "No bots yet", bots: (up, all) => (up === all ? `${all} ${all === 1 ? "bot" : "bots"} online` : `${up} of ${all} bots online`),
  lost: "The sandbox is gone, trying again…", back: "The sandbox is back; everything was loaded anew.", slow: "The page fell behind and has loaded everything anew.", restarted: "The sandbox was restarted; everything was loaded anew.",

  chats: "Chats", newChat: "New chat", iAm: "I am", addPerson: "Add a person…", groups: "Groups", own: "Private chats", others: "Other people’s chats",
  othersHint: "Opens with that person’s eyes", nothingYet: "No messages yet", unread: "unread messages", offline: "offline",
  noBotsTitle: "No bots yet", noBotsText: "Run python app.py demo, or connect your own bot to this sandbox.", backToChats: "Back to the chats",
  nowAs: (nick) => `You now see with the eyes of ${nick}.`,

  bot: "Bot", kind: "Kind of chat", alone: "Private: the bot and I", together: "Group: several people", private: "Private chat", group: "Group", groupTitle: "Group’s name", groupDefault: "Product group",
  groupHint: "Everybody in a group sees the same messages; the bot gets only those that mention it.", open: "Open", cancel: "Cancel", close: "Close",
  personTitle: "Add a person", personName: "Name", outsider: "From outside (no staffId)", add: "Add",

  chooseTitle: "Choose a chat", chooseText: "Choose a chat on the left, or begin a new one.", start: (bot) => `Say hello to ${bot}`,
  startText: "Your message is pushed to the bot as DingTalk does it, and the answer grows here.", startGroup: "Mention the bot in the group and it answers",
  people: (n) => (n === 1 ? "1 person" : `${n} people`), log: "Messages", newMessages: "New messages", loading: "Loading…",
  today: (time) => time, yesterday: (time) => `Yesterday ${time}`, at: (nick) => `@${nick}`, me: "Me",
  quote: "Quote", quoteOf: (nick) => `Quote the message of ${nick}`, quoted: (nick) => `Quoting ${nick}`, noQuote: "Do not quote", goToQuoted: "Go to the quoted message",
  picture: "Picture", enlarge: "Enlarge", loadPicture: (host) => `Load picture (from ${host})`, pictureGone: "The picture could not be loaded", openInTab: "Open in a new tab",
  download: "Download", voice: "Voice", seconds: (n) => `${n}″`, secondsLong: (n) => `Voice message of ${n} seconds`, recognised: "Recognised: ", notRecognised: "No text was recognised", play: "Play", noSound: "The browser cannot play this sound.",
  video: "Video", fileGone: "The sandbox no longer has this file", link: "Open link", copy: "Copy", copied: "Copied", notCopied: "The browser does not allow copying: select the text by hand.", silent: (type) => `[${type}]`,
  type_picture: "[Picture]", type_file: "[File]", type_audio: "[Voice]", type_video: "[Video]", type_card: "[Card]", type_richText: "[Rich text]",
  type_link: "[Link]", type_actionCard: "[Card]", type_feedCard: "[Card]", type_markdown: "[Message]", type_text: "",
  undelivered: (why) => `Not delivered: ${why}`, noConnection: "the bot has no connection.", notMentioned: "the message does not mention the bot, so DingTalk does not push it.",
  notInGroups: "in groups DingTalk pushes no files, voice messages or videos to bots.", otherReason: (text) => `${text}.`,

  processing: "Processing", inputing: "Typing", finished: "Done", failed: "Failed", card: "AI card",
  calls: (n) => `${n} DingTalk ${n === 1 ? "call" : "calls"}`, finishedAnswer: (bot) => `${bot} answered: `, failedAnswer: (bot) => `The answer of ${bot} failed: `,
  clickFailed: (why) => `The click failed: ${why}`, clickUnanswered: "The bot did not answer this click within 2 seconds.", outsiderClick: "A guest has no staffId, so the card callback would carry no userId.",

  message: "Message", write: (name) => `Message ${name}`, send: "Send", sending: "Sending…", hint: "Enter sends, Shift + Enter breaks the line",
  addPicture: "Picture", addFile: "File", addVoice: "Voice", addMention: "Mention a colleague", tryIt: "Try", ownAi: "The answers come from your own Dify, so there is no scripted talk to try.",
  mentionBot: (bot) => `@${bot}`, withoutBot: (bot) => `Do not mention ${bot}`, againBot: (bot) => `＋ @${bot}`,
  notAtBot: "The bot is not mentioned: DingTalk will not push this message to it.", colleagues: "Whom to mention", noColleague: "Nobody of this name",
  remove: (name) => `Remove ${name}`, uploading: "Uploading…", fileInGroup: "DingTalk does not push files and videos of groups to the bot.",
  tooLarge: (name) => `“${name}” is larger than 20 MB, which DingTalk does not take. What you wrote is still here.`, uploadProblem: (name, why) => `“${name}” was not uploaded: ${why}. What you wrote is still here.`,
  emptyFile: (name) => `“${name}” is empty, which DingTalk does not take.`, sendProblem: (why) => `Not sent: ${why}. Your message is still here, try again.`, gone: "the sandbox does not answer",
  voiceTitle: "Send a voice message", voiceSeconds: "Length (seconds)", voiceText: "Recognised text", voiceFile: "Sound file (optional)", voiceHint: "With a voice message the bot also gets the text that DingTalk recognised.",
  voiceInGroup: "DingTalk does not push voice messages of groups to the bot.",

  wire: "Wire", faults: "Faults",
};

export const t = words({ zh, en });

/** Fill in every element that names its word: data-t its text, data-t-label its label, data-t-title its tooltip. */
export function drawWords(root = document) {
  for (const each of root.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
  for (const each of root.querySelectorAll("[data-t-label]")) each.setAttribute("aria-label", t(each.dataset.tLabel));
  for (const each of root.querySelectorAll("[data-t-title]")) each.title = t(each.dataset.tTitle);
}
