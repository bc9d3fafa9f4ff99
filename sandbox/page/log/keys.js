// The log by keyboard: arrows go from message to message, Enter quotes the one in focus, and only its quote button is a tab stop.

/** Make the messages inside `log` reachable. */
export function mountKeys(log) {
  log.addEventListener("keydown", (event) => {
    const item = document.activeElement.closest?.("li.message");
    if (event.key === "Enter" && item && item === document.activeElement) {
      event.preventDefault();
      item.querySelector(".do-quote").click();
      return;
    }
    const isOurs = document.activeElement === log || item === document.activeElement;
    if (!isOurs || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    const to = neighbour(log, item, event.key === "ArrowUp");
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
  log.addEventListener("focusin", (event) => {
    const item = event.target.closest("li.message");
    for (const button of log.querySelectorAll(".do-quote[tabindex='0']")) if (!item?.contains(button)) button.tabIndex = -1;
    const own = item?.querySelector(".do-quote");
    if (own) own.tabIndex = 0;
  });
}

function neighbour(log, item, isUp) {
  if (!item) return [...log.querySelectorAll("li.message")].at(isUp ? -1 : 0);
  return isUp ? item.previousElementSibling : item.nextElementSibling;
}
