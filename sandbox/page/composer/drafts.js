// What was written and not sent, by chat, for as long as the tab lives.

const PREFIX = "draft:";

/** Keep a draft {parts, files, quote, atBot}, or forget it when there is nothing in it. */
export function keepDraft(address, draft) {
  const isEmpty = !draft.parts.length && !draft.files.length && !draft.quote && draft.atBot;
  if (isEmpty) sessionStorage.removeItem(PREFIX + address);
  else sessionStorage.setItem(PREFIX + address, JSON.stringify(draft));
}

/** The draft of this chat; an empty one if there is none. */
export function draftOf(address) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + address)) ?? emptyDraft();
  } catch {
    return emptyDraft();
  }
}

export const emptyDraft = () => ({ parts: [], files: [], quote: null, atBot: true });
