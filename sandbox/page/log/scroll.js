// Keeps the end of the log in sight as long as it was, and offers a way there when it is not.

import { icon, make } from "../dom.js";
import { onLanguage } from "../language.js";
import { t } from "../words.js";

const NEAR_PIXELS = 48;
const WISH_MS = 400;

/** {stay(): go to the end and stay, grew(isOwn): something was appended}. */
export function keepAtEnd(log, content, button) {
  let isAtEnd = true;
  let top = 0;
  let height = 0;

  const isNear = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PIXELS;
  const goToEnd = () => {
    log.scrollTop = log.scrollHeight;
    top = log.scrollTop;
    height = log.scrollHeight;
  };
  const stay = () => {
    isAtEnd = true;
    button.hidden = true;
    goToEnd();
  };
  const drawButton = () => button.replaceChildren(icon("down"), make("span", { text: t("newMessages") }));

  let wished = -Infinity; // when somebody last touched wheel, keys or screen
  for (const event of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    log.addEventListener(event, () => (wished = performance.now()), { passive: true });
  }
  log.addEventListener("scroll", () => {
    // Layout moves the place as well, such as when a picture arrives: only a person's way upwards lets go of the end.
    const isUpwards = log.scrollTop < top - 1;
    const isWish = log.scrollHeight === height || performance.now() - wished < WISH_MS;
    top = log.scrollTop;
    height = log.scrollHeight;
    if (isNear()) {
      isAtEnd = true;
      button.hidden = true;
    } else if (isUpwards && isWish) isAtEnd = false;
  }, { passive: true });
  const follow = () => isAtEnd && goToEnd();
  const observer = new ResizeObserver(follow);
  observer.observe(content);
  observer.observe(log);
  button.addEventListener("click", stay);
  onLanguage(drawButton);
  drawButton();

  return {
    stay,
    grew(isOwn) {
      if (isOwn) stay();
      else if (!isAtEnd) button.hidden = false;
    },
  };
}
