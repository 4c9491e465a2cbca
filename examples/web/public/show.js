/** What is shown, as text unless it has to be more. */

const $ = (selector) => document.querySelector(selector);

export function element(name, properties = {}, ...content) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...content);
    return made;
}

export function say(text, isWrong = false) {
    $("#status").textContent = text;
    $("#status").classList.toggle("wrong", isWrong);
}

/** Hands a Blob to the person, as a file. What is behind it is deleted a minute later. */
export function download(blob, name, discard = async () => {}) {
    const url = URL.createObjectURL(blob);
    element("a", { href: url, download: name }).click();
    setTimeout(() => {
        URL.revokeObjectURL(url);
        discard();
    }, 60_000);
}

/** Shows a message that was opened. */
export function shown({ message, verdict }) {
    $("#verdict").textContent = sentences[verdict.level];
    $("#verdict").className = verdict.level;
    $("#reasons").replaceChildren(...verdict.reasons.map(({ text }) => element("li", {}, text)));
    const people = ({ mailboxes }) => mailboxes.map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(", ");
    const fields = { From: people(message.from), To: people(message.to), Cc: people(message.cc), Subject: message.subject, Date: message.date?.toLocaleString() };
    $("#fields").replaceChildren(
        ...Object.entries(fields).flatMap(([name, value]) => (value ? [element("dt", {}, name), element("dd", {}, value)] : [])),
    );
    $("#text").textContent = message.textBody?.text ?? "";
    showHtml(message.htmlBody?.text);
    $("#attachments").replaceChildren(
        ...message.attachments.map(({ fileName = "attachment", data }) => {
            const button = element("button", { type: "button" }, `Save ${fileName}`);
            // As bytes, never as what its sender says that it is: nothing of it is run here.
            button.addEventListener("click", () => download(new Blob([data], { type: "application/octet-stream" }), fileName));
            return element("li", {}, button);
        }),
    );
    $("#opened").hidden = false;
}

const sentences = {
    sealed: "Sealed: only its recipients could read it, and it is as its sender signed it.",
    authentic: "Authentic: it is as its sender signed it, and everyone on the way could read it.",
    encrypted: "Encrypted: only its recipients could read it. Nothing proves who wrote it.",
    plain: "Plain: everyone on the way could read and change it.",
    suspicious: "Suspicious: it claims protection that it does not have.",
};

/** HTML in a frame in which nothing runs, and which loads nothing. */
function showHtml(html) {
    const frame = $("#html");
    frame.hidden = html === undefined;
    const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    frame.srcdoc = `<meta http-equiv="Content-Security-Policy" content="${policy}"><base target="_blank">${html ?? ""}`;
}
