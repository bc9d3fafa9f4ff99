// Opens a <dialog> with a form: Esc, the cancel button and a click beside it close it, a valid form is handed on.

/** Show the dialog; `submit` is called with a valid form and may return a promise: a rejection keeps the dialog open. */
export function openDialog(dialog, submit) {
  const form = dialog.querySelector("form");
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    try {
      await submit();
      dialog.close();
    } catch {
      // whoever gave `submit` says in the dialog what went wrong
    }
  };
  dialog.onclick = (event) => {
    if (event.target === dialog || event.target.value === "cancel") dialog.close();
  };
  dialog.showModal();
}
