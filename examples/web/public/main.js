/** The page: what a person does becomes a call of the library, and what comes of it is shown. */

import { decryptBlob, encryptBlob, init, open, seal } from "./postseal/worker/index.js";
import { answered, inTurn, sure } from "./dialogs.js";
import * as keys from "./keys.js";
import { isWithUs, letterOf, send, whoGot, whoLacks } from "./send.js";
import { download, element, ownerOf, say, shown, showSignatures } from "./show.js";

const $ = (selector) => document.querySelector(selector);

/** Does something that may fail, and says what came of it, while anybody wants to know. */
async function attempt(what, act, isWanted = () => true) {
    say(`${what} …`);
    const tell = (...said) => isWanted() && say(...said);
    try {
        tell((await act()) ?? "Done.");
    } catch (error) {
        const isStopped = error.name === "AbortError";
        tell(isStopped ? "Stopped." : error.message, !isStopped);
    }
}

/** Does what a form is for, once at a time, until it is done or stopped. Its buttons can be reached all the while, so that the focus stays. */
async function work({ target: form, submitter }, what, act) {
    if (form.dataset.busy) {
        return;
    }
    const stopping = new AbortController();
    const stop = form.querySelector(".stop");
    const busy = (is) => {
        form.dataset.busy = is ? "yes" : "";
        form.querySelectorAll("button:not(.stop)").forEach((button) => (button.ariaDisabled = is));
        form.querySelectorAll("progress, .stop").forEach((element) => (element.hidden = !is));
    };
    if (stop) {
        stop.onclick = () => stopping.abort();
    }
    busy(true);
    await attempt(what, () => act(stopping.signal));
    if (document.activeElement === stop) {
        submitter?.focus();
    }
    busy(false);
}

function onSubmit(selector, act) {
    $(selector).addEventListener("submit", (event) => {
        event.preventDefault();
        act(event);
    });
}

const hasFiles = (event) => event.dataTransfer.types.includes("Files");

/** Forms take files that are dropped on them. */
for (const form of document.querySelectorAll(".drop")) {
    const input = form.querySelector("input[type=file]");
    form.addEventListener("dragover", (event) => {
        if (hasFiles(event)) {
            event.preventDefault();
            form.classList.add("over");
        }
    });
    form.addEventListener("dragleave", () => form.classList.remove("over"));
    form.addEventListener("drop", (event) => {
        form.classList.remove("over");
        if (hasFiles(event)) {
            event.preventDefault();
            input.files = event.dataTransfer.files;
            ["input", "change"].forEach((name) => input.dispatchEvent(new Event(name, { bubbles: true })));
        }
    });
}

/** Beside the forms they are taken by nobody: the browser would show them in place of the page, and of the draft in it. */
for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => {
        if (hasFiles(event) && !event.defaultPrevented) {
            event.preventDefault();
            event.dataTransfer.dropEffect = "none";
        }
    });
}

// Keys.

async function showKeys() {
    const list = $("#key-list");
    const stored = await keys.known();
    // Where something is damaged nothing can be read, and it can still be forgotten.
    const certificates = await keys.keyring().then((ring) => ring.certificates(), () => []);
    const items = stored.map(({ fingerprint, isSecret }) => {
        const certificate = certificates.find((one) => one.fingerprint === fingerprint);
        return keyItem(fingerprint, isSecret, certificate);
    });
    const focused = [...list.children].findIndex((item) => item.contains(document.activeElement));
    list.replaceChildren(...items);
    if (focused >= 0) {
        (items[Math.min(focused, items.length - 1)]?.querySelector("button") ?? $("#keys-title")).focus();
    }
    if (!$("#write").dataset.busy && isWithUs(letter.copies ?? [])) {
        // It can be sealed anew, with the keys as they are now.
        letter = {};
    }
    await showReaders();
}

function keyItem(fingerprint, isSecret, certificate) {
    const name = certificate ? ownerOf(certificate) : element("bdi", {}, fingerprint);
    const kind = isSecret ? "your key" : "certificate";
    const facts = [kind, certificate?.algorithms, certificate?.unusable].filter(Boolean).join(", ");
    const button = (text, act) => {
        const made = element("button", { type: "button", ariaLabel: `${text} ${name.textContent}` }, text);
        made.addEventListener("click", () => attempt(text, act));
        return made;
    };
    const buttons = element("span", { className: "buttons" });
    if (isSecret) {
        buttons.append(button("Back up", () => backedUp(fingerprint, name.textContent)));
    }
    buttons.append(button("Forget", () => forgotten(fingerprint, name.textContent, isSecret)));
    return element("li", {}, name, `, ${facts} `, element("code", {}, fingerprint), buttons);
}

async function backedUp(fingerprint, name) {
    const key = await keys.secretKey(fingerprint);
    if (key.isProtected) {
        download(new Blob([await key.exportArmored()]), "secret-key.asc");
        return "secret-key.asc is locked with its passphrase. Keep it where nobody else gets at it.";
    }
    if (await sure(`The key of ${name} has no passphrase. Whoever gets the file can read and sign everything as you.`, "Save it unlocked")) {
        download(new Blob([key.dangerousExportUnprotected()]), "secret-key-unlocked.pgp");
        return "secret-key-unlocked.pgp is not locked. Keep it where nobody else gets at it.";
    }
    return "Nothing was saved.";
}

async function forgotten(fingerprint, name, isSecret) {
    const question = `Without a backup of the key of ${name}, what was sealed for it can never be read again.`;
    if (isSecret && !(await sure(question, "Forget the key"))) {
        return "Nothing was forgotten.";
    }
    await keys.forget(fingerprint);
    await showKeys();
    return `${name} is forgotten.`;
}

onSubmit("#new-key", (event) => {
    const form = event.target;
    const { owner, passphrase, profile } = Object.fromEntries(new FormData(form));
    work(event, "Making a key", async () => {
        const { key, revocation } = await keys.make(owner, passphrase, profile);
        form.reset();
        download(new Blob([revocation]), "revocation.asc");
        download(new Blob([await key.certificate.exportArmored()]), "certificate.asc");
        await showKeys();
        return "The key is made. Keep revocation.asc apart from it, and give certificate.asc to whoever shall write to you.";
    });
});

onSubmit("#add-keys", (event) => {
    const form = event.target;
    work(event, "Adding keys", async () => {
        const { files, text } = form.elements;
        const given = [...files.files, ...(text.value.trim() ? [text.value] : [])];
        const found = await keys.found(given);
        const chosen = found.length > 0 ? await inTurn(() => chosenOf(found)) : [];
        if (chosen.length === 0) {
            return "Nothing was added.";
        }
        try {
            for (const one of chosen) {
                await keys.remember(one);
            }
        } finally {
            await showKeys();
        }
        form.reset();
        return `${chosen.length} added.`;
    });
});

/** Shows what is about to be added, and returns what the person chooses: what is in the keyring is believed. */
async function chosenOf(found) {
    const items = found.map(({ certificate, secretKey, isOurs }) => {
        const isNewSecret = secretKey && !isOurs;
        const secret = secretKey?.isProtected ? "SECRET KEY" : "SECRET KEY WITHOUT A PASSPHRASE";
        const box = element("input", { type: "checkbox", checked: !isNewSecret });
        const kind = element("strong", {}, isNewSecret ? secret : "Certificate");
        const kept = secretKey && isOurs ? "Your secret key is stored already, and stays as it is. " : "";
        const text = element("span", {}, kind, " of ", ownerOf(certificate), `. ${kept}`, element("code", {}, certificate.fingerprint));
        return element("li", {}, element("label", {}, box, text));
    });
    $("#found").replaceChildren(...items);
    const isMeant = (await answered($("#adding"))) === "yes";
    return isMeant ? found.filter((_, at) => items[at].querySelector("input").checked) : [];
}

// Writing.

/** Mailboxes apart from each other; a comma may stand in a quoted name. */
const mailboxes = (text) => (text.match(/(?:"(?:\\.|[^"\\])*"|[^,;])+/g) ?? []).map((part) => part.trim()).filter(Boolean);
const address = (mailbox) => /<([^<>]*)>$/.exec(mailbox)?.[1] ?? mailbox;

let looked = 0;

/** Says of each recipient whether there is a certificate that can be used. */
async function showReaders() {
    const turn = ++looked;
    const { to, cc, bcc } = $("#write").elements;
    const recipients = [to, cc, bcc].flatMap((field) => mailboxes(field.value));
    const ring = await keys.keyring();
    const items = await Promise.all(
        recipients.map(async (recipient) => {
            const found = await ring.encryptionCertificate(address(recipient)).catch(() => undefined);
            const text = found ? `${recipient} can read it (${found.fingerprint.slice(0, 16)}…)` : `${recipient}: no certificate that can be used`;
            return element("li", { className: found ? "yes" : "no" }, text);
        }),
    );
    // What is as it was is left alone, or it would be read out again; and an answer that came late is none.
    const textOf = (items) => [...items].map((item) => item.textContent).join("\n");
    if (turn === looked && textOf(items) !== textOf($("#readers").children)) {
        $("#readers").replaceChildren(...items);
    }
}

let debounce;
for (const name of ["to", "cc", "bcc"]) {
    $("#write").elements[name].addEventListener("input", () => {
        clearTimeout(debounce);
        debounce = setTimeout(() => showReaders().catch((error) => say(error.message, true)), 200);
    });
}

/** What was sealed of the draft, while it is as it was: whoever got it does not get it again. */
let letter = {};

$("#write").addEventListener("input", () => {
    const { copies = [] } = letter;
    if (whoGot(copies).length > 0 && whoLacks(copies).length > 0) {
        say(`${whoGot(copies).join(", ")} got the letter as it was. What is sent now is another one, and goes to all who are named in it.`);
    }
    letter = {};
});

onSubmit("#write", (event) => {
    const { elements } = event.target;
    const { value: action } = event.submitter;
    work(event, "Sealing", async (signal) => {
        const draft = {
            from: elements.from.value,
            to: mailboxes(elements.to.value),
            cc: mailboxes(elements.cc.value),
            bcc: mailboxes(elements.bcc.value),
            subject: elements.subject.value,
            text: elements.text.value,
            attachments: [...elements.files.files],
        };
        const sealed = () => retried(async () => seal(draft, await keys.keyring(), { signal }), signal);
        if (action === "download") {
            const { copies } = await sealed();
            copies.forEach((copy, at) => download(new Blob([copy.bytes]), at ? `sealed-${at}.eml` : "sealed.eml"));
            return "Sealed.";
        }
        // It may be changed while it is on its way: then this is no longer what `letter` is.
        const current = letter;
        current.copies ??= letterOf(await sealed());
        if (whoLacks(current.copies).length === 0) {
            return "It is sent already. Change it to send another one.";
        }
        return send(current.copies, signal);
    });
});

/** Where a key is locked, its passphrase is asked for, and it is done once more. */
async function retried(act, signal) {
    try {
        return await act();
    } catch (error) {
        if (error.code === "key-missing" && error.keys.length > 0 && (await keys.unlock(await ours(error.keys), signal))) {
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

let opening = new AbortController();

$("#read").addEventListener("change", () => $("#read").requestSubmit());

onSubmit("#read", (event) => {
    const [file] = event.target.elements.message.files;
    // Of two that are opened one after the other, the last is shown, however long the first one takes.
    opening.abort();
    opening = new AbortController();
    const { signal } = opening;
    $("#opened").hidden = true;
    const act = async () => {
        const opened = await retried(async () => open(file, await keys.keyring(), { signal }), signal);
        signal.throwIfAborted();
        shown(opened);
        return `The message is ${opened.verdict.level}.`;
    };
    attempt("Opening", act, () => !signal.aborted);
});

// Files.

onSubmit("#files", (event) => {
    const { file, for: recipients } = event.target.elements;
    const isEncrypting = event.submitter.value === "encrypt";
    work(event, isEncrypting ? "Encrypting" : "Decrypting", (signal) => {
        const onProgress = (done, of) => Object.assign($("#progress"), { value: done, max: of });
        onProgress(0, 1);
        $("#signatures").replaceChildren();
        const options = { onProgress, signal };
        return isEncrypting ? encrypted(file.files[0], recipients.value, options) : decrypted(file.files[0], options);
    });
});

async function encrypted(file, recipients, options) {
    const made = await encryptBlob(file, { ...options, certificates: await certificatesOf(recipients) });
    download(made.file, `${file.name}.pgp`, made.discard);
    return "Encrypted.";
}

async function decrypted(file, options) {
    const made = await retried(async () => decryptBlob(file, { ...options, keyring: await keys.keyring() }), options.signal);
    download(made.file, file.name.replace(/\.(pgp|gpg|asc)$/, ""), made.discard);
    return showSignatures(made.signatures, await keys.keyring());
}

async function certificatesOf(recipients) {
    const ring = await keys.keyring();
    return Promise.all(
        mailboxes(recipients).map(async (recipient) => {
            const found = await ring.encryptionCertificate(address(recipient));
            if (!found) {
                throw new Error(`${recipient}: no certificate that can be used`);
            }
            return found;
        }),
    );
}

await attempt("Starting", async () => {
    // Once its threads are there, the page works without its server.
    await Promise.all([init(), showKeys()]);
    return "Ready.";
});
document.documentElement.dataset.ready = "yes";
