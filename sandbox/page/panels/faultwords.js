// The words of the faults panel; the faults bring their titles and sentences themselves.

import { words } from "../language.js";

const zh = {
  intro: "打开一个故障，再和机器人说句话，看看用户会看到什么。",
  dingtalk: "钉钉一侧",
  ai: "AI 一侧",
  ownAi: "回答来自你自己的 AI，不是沙箱里的 AI，所以这里的 AI 故障用不上。",
  on: (n) => `已打开 ${n} 个故障`,
  allOff: "全部关闭",
  doIt: "执行",
  done: "已执行",
  turnedOn: (title) => `已打开：${title}`,
  turnedOff: (title) => `已关闭：${title}`,
  doneLong: (title) => `已执行：${title}`,
  problem: (why) => `没有成功：${why}`,
};

const en = {
  intro: "Switch a fault on, then say something to the bot and see what its user sees.",
  dingtalk: "On DingTalk’s side",
  ai: "On the AI’s side",
  ownAi: "Your own AI answers, not the sandbox’s AI, so its faults do not apply here.",
  on: (n) => `${n} ${n === 1 ? "fault is" : "faults are"} on`,
  allOff: "Switch all off",
  doIt: "Do it",
  done: "Done",
  turnedOn: (title) => `Switched on: ${title}`,
  turnedOff: (title) => `Switched off: ${title}`,
  doneLong: (title) => `Done: ${title}`,
  problem: (why) => `That did not work: ${why}`,
};

/** t("name", ...) of this panel. */
export const t = words({ zh, en });
