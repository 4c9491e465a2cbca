/** The page: what a person does becomes a call of the library, and what comes of it is shown. */

import { decryptBlob, encryptBlob, open, PostsealError, seal } from "./postseal/worker/index.js";
import * as keys from "./keys.js";
import { download, element, say, shown } from "./show.js";

const $ = (selector) => document.querySelector(selector);

/** Does something that may fail, and says what came of it. */
async function attempt(what, act) {
    say(`${what} …`);
    try {
        say((await act()) ?? "Done.");
    } catch (error) {
        say(error instanceof PostsealError || error instanceof TypeError ? error.message : String(error), true);
    }
}

/** Forms take files that are dropped on them. */
for (const form of document.querySelectorAll(".drop")) {
    const input = form.querySelector("input[type=file]");
    form.addEventListener("dragover", (event) => {
        event.preventDefault();
        form.classList.add("over");
    });
    form.addEventListener("dragleave", () => form.classList.remove("over"));
    form.addEventListener("drop", (event) => {
        event.preventDefault();
        form.classList.remove("over");
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
    });
}

// Keys.

async function showKeys() {
    const items = (await keys.known()).map(({ certificate, isSecret }) => {
        const name = certificate.userIds[0]?.text ?? certificate.fingerprint;
        const kind = isSecret ? "your key" : "certificate";
        const forget = element("button", { type: "button", textContent: "Forget", ariaLabel: `Forget ${name}` });
        forget.addEventListener("click", () => attempt("Forgetting", () => keys.forget(certificate.fingerprint).then(showKeys)));
        const text = `${name}, ${kind}, ${certificate.algorithms}${certificate.unusable ? `: ${certificate.unusable}` : ""} `;
        return element("li", { title: certificate.fingerprint }, text, forget);
    });
    $("#key-list").replaceChildren(...items);
    await showReaders();
}

$("#new-key").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    const { owner, passphrase, profile } = Object.fromEntries(new FormData(form));
    attempt("Making a key", async () => {
        const { key, revocation } = await keys.make(owner, passphrase, profile);
        form.reset();
        download(new Blob([revocation]), "revocation.asc");
        download(new Blob([await key.certificate.exportArmored()]), "certificate.asc");
        await showKeys();
        return "The key is made. Keep revocation.asc apart from it, and give certificate.asc to whoever shall write to you.";
    });
});

$("#add-keys").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    attempt("Adding keys", async () => {
        const given = [...form.elements.files.files, ...(form.elements.text.value.trim() ? [form.elements.text.value] : [])];
        let count = 0;
        for (const data of given) {
            count += await keys.remember(data);
        }
        form.reset();
        await showKeys();
        return `${count} added.`;
    });
});

// Writing.

const mailboxes = (text) => text.split(/[,;]/).map((part) => part.trim()).filter(Boolean);
const address = (mailbox) => /<([^>]*)>/.exec(mailbox)?.[1] ?? mailbox;

/** Says of each recipient whether there is a certificate that can be used. */
async function showReaders() {
    const fields = $("#write").elements;
    const ring = await keys.keyring();
    const recipients = [fields.to, fields.cc, fields.bcc].flatMap((field) => mailboxes(field.value));
    const items = recipients.map(async (recipient) => {
        const found = await ring.encryptionCertificate(address(recipient)).catch(() => undefined);
        const text = found ? `${recipient} can read it (${found.fingerprint.slice(0, 16)}…)` : `${recipient}: no certificate that can be used`;
        return element("li", { className: found ? "yes" : "no" }, text);
    });
    $("#readers").replaceChildren(...(await Promise.all(items)));
}

$("#write").addEventListener("input", () => showReaders());

let sealing = new AbortController();
$("#stop").addEventListener("click", () => sealing.abort());

$("#write").addEventListener("submit", (event) => {
    event.preventDefault();
    const { elements } = event.target;
    const { value: action } = event.submitter;
    attempt("Sealing", async () => {
        sealing = new AbortController();
        const draft = {
            from: elements.from.value,
            to: mailboxes(elements.to.value),
            cc: mailboxes(elements.cc.value),
            bcc: mailboxes(elements.bcc.value),
            subject: elements.subject.value,
            text: elements.text.value,
            attachments: [...elements.files.files],
        };
        busy(true);
        try {
            const sealed = await retried(async () => seal(draft, await keys.keyring(), { signal: sealing.signal }));
            if (action === "download") {
                sealed.copies.forEach((copy, at) => download(new Blob([copy.bytes]), at ? `sealed-${at}.eml` : "sealed.eml"));
                return "Sealed.";
            }
            for (const { envelope, bytes } of sealed.copies) {
                const query = new URLSearchParams([["from", envelope.from], ...envelope.to.map((to) => ["to", to])]);
                const response = await fetch(`submit?${query}`, { method: "POST", body: bytes });
                if (!response.ok) {
                    throw new TypeError(`not sent: ${await response.text()}`);
                }
            }
            return "Sealed and sent.";
        } finally {
            busy(false);
        }
    });
});

function busy(is) {
    $("#sealing").hidden = $("#stop").hidden = !is;
    document.querySelectorAll("#write .buttons button[name]").forEach((button) => (button.disabled = is));
}

/** Where a key is locked, its passphrase is asked for, and it is done once more. */
async function retried(act) {
    try {
        return await act();
    } catch (error) {
        if (error.code === "key-missing" && error.keys.length > 0 && (await keys.unlock(await ours(error.keys)))) {
            return act();
        }
        throw error;
    }
}

/** The certificates that keys, subkeys too, belong to. */
async function ours(handles) {
    const ring = await keys.keyring();
    const found = await Promise.all(handles.map((handle) => ring.byHandle(handle).catch(() => [])));
    return [...new Set(found.flat().map((certificate) => certificate.fingerprint))];
}

// Reading.

$("#read").addEventListener("change", (event) => {
    const [file] = event.target.files ?? [];
    if (file) {
        $("#opened").hidden = true;
        attempt("Opening", async () => {
            const opened = await retried(async () => open(file, await keys.keyring()));
            shown(opened);
            return `The message is ${opened.verdict.level}.`;
        });
    }
});

// Files.

$("#files").addEventListener("submit", (event) => {
    event.preventDefault();
    const { elements } = event.target;
    const [file] = elements.file.files;
    const progress = $("#progress");
    const onProgress = (done, of) => Object.assign(progress, { value: done, max: of });
    attempt(event.submitter.value === "encrypt" ? "Encrypting" : "Decrypting", async () => {
        progress.hidden = false;
        try {
            const made = await retried(() => processed(event.submitter.value, file, elements.for.value, onProgress));
            const name = event.submitter.value === "encrypt" ? `${file.name}.pgp` : file.name.replace(/\.(pgp|gpg|asc)$/, "");
            download(made.file, name, made.discard);
            return "Done.";
        } finally {
            progress.hidden = true;
        }
    });
});

async function processed(action, file, recipients, onProgress) {
    const ring = await keys.keyring();
    if (action === "decrypt") {
        return decryptBlob(file, { keyring: ring, onProgress });
    }
    const certificates = await Promise.all(
        mailboxes(recipients).map(async (recipient) => {
            const found = await ring.encryptionCertificate(address(recipient));
            if (!found) {
                throw new TypeError(`${recipient}: no certificate that can be used`);
            }
            return found;
        }),
    );
    return encryptBlob(file, { certificates, onProgress });
}

await showKeys();
say("Ready.");
document.documentElement.dataset.ready = "yes";
