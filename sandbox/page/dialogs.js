// Opens a <dialog> with a form: Esc, the cancel button and a click beside it close it, a valid form is handed on.

/** Show the dialog; `submit` is called with a valid form, and keeps the dialog open by giving back false, now or later. */
export function openDialog(dialog, submit) {
  const form = dialog.querySelector("form");
  const closed = new AbortController();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    if (await submit() !== false) dialog.close();
  }, { signal: closed.signal });
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || target.value === "cancel") dialog.close();
  }, { signal: closed.signal });
  dialog.addEventListener("close", () => closed.abort(), { once: true });
  dialog.showModal();
}
