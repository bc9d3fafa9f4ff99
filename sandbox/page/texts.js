// Every word of the page, in both languages.

export const people = [
  { staff_id: "wangfang", nick: "王芳" },
  { staff_id: "lilei", nick: "李雷" },
  { staff_id: "hanmeimei", nick: "韩梅梅" },
  { staff_id: null, nick: "外部访客" },
];

export const texts = {
  zh: {
    title: "钉桥沙箱", language: "English", chats: "会话", bot: "机器人", place: "地点", private: "单聊",
    group: "群聊（自动 @）", inGroup: "群聊", person: "我是", message: "消息", send: "发送",
    hint: "回车发送，Shift + 回车换行。", noChats: "还没有会话，写一条消息吧。", newChat: "新会话",
    noBots: "还没有机器人：先运行 python app.py demo。", groupTitle: "测试群",
    bots: (up, all) => `${up} / ${all} 个机器人在线`, lost: "沙箱已断开，正在重试…",
    undelivered: "这条消息没有送达：", noConnection: "机器人没有在线的连接。",
    processing: "处理中", inputing: "输入中", finished: "已完成", failed: "出错",
    offline: "（离线）",
  },
  en: {
    title: "DingBridge sandbox", language: "中文", chats: "Chats", bot: "Bot", place: "Where", private: "Private chat",
    group: "Group (@ included)", inGroup: "Group", person: "I am", message: "Message", send: "Send",
    hint: "Enter sends, Shift + Enter breaks the line.", noChats: "No chats yet: write a message.",
    newChat: "New chat", noBots: "No bots yet: run python app.py demo first.", groupTitle: "Test group",
    bots: (up, all) => `${up} of ${all} bots connected`, lost: "The sandbox is gone, trying again…",
    undelivered: "This message was not delivered: ", noConnection: "the bot has no connection.",
    processing: "Processing", inputing: "Typing", finished: "Done", failed: "Failed",
    offline: " (offline)",
  },
};
