/** What the person is asked: one thing after the other, since there is one person. */

const dialog = document.querySelector("#sure");
let last = Promise.resolve();

/** Does something that asks, once all that was asked before is answered. */
export function inTurn(act) {
    const mine = last.then(act);
    last = mine.catch(() => {});
    return mine;
}

/** Shows a dialog, in its turn. Returns the value of the button that closed it; nothing after Escape. */
export function answered(dialog) {
    // Escape leaves in it what was answered the last time.
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

/** Asks whether the person is sure; `doIt` is what the button says. */
export function sure(question, doIt) {
    return inTurn(async () => {
        dialog.querySelector("p").textContent = question;
        dialog.querySelector("button[value=yes]").textContent = doIt;
        return (await answered(dialog)) === "yes";
    });
}
