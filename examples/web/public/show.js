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

/** Whom a certificate speaks for, as it says. It stays apart from the text around it, whatever direction it is written in. */
export function ownerOf({ userIds, fingerprint }) {
    return element("bdi", {}, userIds.map(({ text }) => text).join(", ") || fingerprint);
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

/** Shows the signatures that a file has. Returns what they make of it, or throws it, where none of them is good. */
export async function showSignatures(signatures, keyring) {
    const items = signatures.map(async ({ status, issuer = "unknown" }) => {
        if (status.kind === "good") {
            const [certificate] = await keyring.byHandle(status.certificate);
            return element("li", { className: "yes" }, "Signed by ", ownerOf(certificate), ".");
        }
        const unknown = `A signature that can't be checked: the key ${issuer} is not known here.`;
        const text = status.kind === "bad" ? `A bad signature: ${status.reason}.` : unknown;
        return element("li", { className: "no" }, text);
    });
    $("#signatures").replaceChildren(...(await Promise.all(items)));
    const [good, bad] = ["good", "bad"].map((kind) => signatures.find(({ status }) => status.kind === kind));
    if (bad && !good) {
        throw new Error(`Decrypted, but its signature is not good: ${bad.status.reason}.`);
    }
    return good ? "Decrypted and signed." : "Decrypted. Nothing proves who made it.";
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
    frame.srcdoc = `<!doctype html>
        <meta http-equiv="Content-Security-Policy" content="${policy}">
        <meta http-equiv="x-dns-prefetch-control" content="off">
        <base target="_blank">${withoutLinks(html ?? "")}`;
}

/**
 * HTML without what no policy holds back: a link can have the browser connect to a server before anything is loaded. What is written anew may
 * be read in another way than before, so it is looked at until nothing is found.
 */
function withoutLinks(html) {
    const page = new DOMParser().parseFromString(`<!doctype html>${html}`, "text/html");
    const found = page.querySelectorAll("link, meta, base, template");
    found.forEach((element) => element.remove());
    return found.length > 0 ? withoutLinks(page.documentElement.outerHTML) : html;
}
