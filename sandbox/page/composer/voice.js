// The small form that sends a voice message: its length, the text that DingTalk recognised, and a sound file if there is one.

import { openDialog } from "../dialogs.js";
import { element } from "../dom.js";
import { bring } from "./uploads.js";

/** Open the form; sendVoice({msgtype, seconds, text, file?}) sends, and rejects with an Error for people. */
export function openVoice(isGroup, sendVoice) {
  element("voice-warning").hidden = !isGroup;
  element("voice-problem").textContent = "";
  openDialog(element("voice-dialog"), async () => {
    const problem = element("voice-problem");
    problem.textContent = "";
    try {
      const [sound] = element("voice-file").files;
      const brought = sound ? await bring(sound) : null;
      const voice = { msgtype: "audio", seconds: Number(element("voice-seconds").value), text: element("voice-text").value.trim() };
      await sendVoice({ ...voice, ...(brought ? { file: brought.file } : {}) });
    } catch (error) {
      problem.textContent = error.message;
      return false;
    }
    element("voice-text").value = "";
    element("voice-file").value = "";
    return true;
  });
}
