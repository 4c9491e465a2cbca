/** OpenPGP data of others, and header fields as RFC 9788 shows them, as every language has to read them (tests/vectors). */

import { same } from "./check.js";

const decode = (bytes) => new TextDecoder().decode(bytes);

/** The keys in these files. A secret key is unlocked by the first of the passphrases that does. */
async function keyringOf({ postseal, corpora }, folder, files, passphrases) {
    const keyring = new postseal.Keyring();
    for (const file of files) {
        const bytes = await corpora(`${folder}/${file}`);
        keyring.add(...(await postseal.Certificate.importAll(bytes).catch(() => [])));
        for (const key of await postseal.SecretKey.importAll(bytes).catch(() => [])) {
            keyring.add(await unlocked(key, passphrases));
        }
    }
    return keyring;
}

async function unlocked(key, passphrases) {
    for (const passphrase of passphrases) {
        const found = await key.unlock(passphrase).catch(() => undefined);
        if (found) {
            return found;
        }
    }
    return key;
}

/** In the words of the table: how it is protected, and its content. */
async function read({ postseal }, data, over, keyring, passphrases, now) {
    const failure = (error) => ({ outcome: `error: ${error.code}: ${error.message}`, content: new Uint8Array() });
    try {
        const certificates = await postseal.Certificate.importAll(data, { now });
        return { outcome: certificates.map(used).join("; "), content: new Uint8Array() };
    } catch (error) {
        if (decode(data).includes("KEY BLOCK-----")) {
            return failure(error);
        }
    }
    try {
        const decrypted = await postseal.decrypt(data, { keyring, passphrases, now });
        const { cipher, aead } = decrypted.encryption;
        return { outcome: summary(`${cipher} ${aead ?? "MDC"}`, decrypted.signatures), content: decrypted.data };
    } catch (error) {
        if (error.code !== "invalid-input" && error.code !== "malformed") {
            return failure(error);
        }
    }
    try {
        const signed = await postseal.verifyInline(data, keyring, { now });
        return { outcome: summary("signed", signed.signatures), content: signed.data };
    } catch (error) {
        const detached = await postseal.verifyDetached(over, data, keyring, { now }).catch(() => undefined);
        return detached ? { outcome: summary("detached", detached), content: over } : failure(error);
    }
}

const used = ({ algorithms, unusable }) => (unusable ? `${algorithms}: ${unusable}` : algorithms);

function summary(form, signatures) {
    const words = { good: "good", "unknown-signer": "unknown signer" };
    return [form, ...signatures.map(({ status }) => words[status.kind] ?? `bad: ${status.reason}`)].join(", ");
}

/** Whether it is what revokes one of the certificates in these files: there is nothing else to be done with it here. */
async function revokesOne({ postseal }, revocation, files) {
    for (const bytes of await Promise.all(files)) {
        for (const certificate of await postseal.Certificate.importAll(bytes).catch(() => [])) {
            const revoked = await certificate.revoke(revocation).catch(() => undefined);
            if (revoked?.isRevoked && !certificate.isRevoked) {
                return true;
            }
        }
    }
    return false;
}

/** What differs from the table in one of its sets. */
async function differences(context, { folder, keys, passphrases = [], now, rows }) {
    const keyring = await keyringOf(context, folder, keys, passphrases);
    const found = [];
    const file = (path) => context.corpora(`${folder}/${path}`);
    for (const [name, row] of Object.entries(rows)) {
        if (row.outcome === "revocation") {
            found.push(...((await revokesOne(context, await file(name), Object.keys(rows).map(file))) ? [] : [`${folder}/${name} revokes nothing`]));
            continue;
        }
        // A signature names what it is over: `text.sig` is over `text`.
        const beside = row.outcome.startsWith("detached") ? name.replace(/\.[^.]*$/, "") : undefined;
        const over = row.file || beside ? await file(row.file ?? beside) : new Uint8Array();
        const { outcome, content } = await read(context, await file(name), over, keyring, passphrases, new Date(now * 1000));
        const expected = row.content ?? (row.file ? decode(over) : "");
        if (outcome !== row.outcome || decode(content) !== expected) {
            found.push(`${folder}/${name}: ${outcome}, not ${row.outcome}: ${decode(content).slice(0, 80)}`);
        }
    }
    return found;
}

const wrapped = (contentType, parts) =>
    [`Content-Type: ${contentType}; boundary="=_outer"\r\n`, ...parts.map((part) => `--=_outer\r\n${part}`), "--=_outer--\r\n"].join("\r\n");

/** The fields that can stand around OpenPGP: without those about the content. */
const around = (fields) =>
    fields
        .split("\r\n")
        .filter((line) => line && !/^(Content|MIME)-/.test(line))
        .map((line) => `${line}\r\n`)
        .join("");

/** The fields outside as the sender says that they are. */
const announced = (content) =>
    [...content.split("\r\n\r\n")[0].matchAll(/^HP-Outer: (.*(?:\r\n[ \t].*)*)/gm)].map(([, field]) => `${field}\r\n`).join("");

/** The length of a text in UTF-8, and its FNV-1a, as the table has it. */
function digest(text) {
    const bytes = new TextEncoder().encode(text);
    const hash = bytes.reduce((hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x0100_0000_01b3n), 0xcbf2_9ce4_8422_2325n);
    return `${bytes.length} octets, ${hash.toString(16).padStart(16, "0")}`;
}

/** What a message shows, as it stands in the table: what is nothing is left out, and so is the tree of the parts, which a page doesn't see. */
function shown({ subject, from, replyTo, to, cc, date, offsetMinutes, messageId, references, textBody, htmlBody, inlineParts, attachments }) {
    const described = ({ fileName, mediaType, data }) => [
        fileName === undefined ? null : [...fileName].length > 24 ? digest(fileName) : fileName,
        mediaType.split(";")[0].trim(),
        data.length,
    ];
    const [id, ...others] = [messageId, ...references].map((id) => id && digest(`<${id}>`));
    const [subjectOf, text, html] = [subject, textBody?.text, htmlBody?.text].map((text) => (text === undefined ? text : digest(text)));
    const lists = Object.fromEntries(Object.entries({ from, reply_to: replyTo, to, cc }).map(([name, list]) => [name, entries(list)]));
    return {
        subject: subjectOf,
        ...lists,
        date: date && dateIn(date, offsetMinutes),
        id,
        references: others,
        text,
        html,
        inline: inlineParts.map(described),
        files: attachments.map(described),
    };
}

/** Mailboxes, and then what is none, with a mark. */
function entries({ mailboxes, invalid }) {
    const written = mailboxes.map(({ name, address }) => (name === undefined ? address : `${name} <${address}>`));
    return [...written.map(digest), ...invalid.map((text) => `? ${digest(text)}`)];
}

const inOrder = (texts) => [...texts].sort((a, b) => Number(a.startsWith("?")) - Number(b.startsWith("?")));

/** A date in words, there where it was written. */
function dateIn(date, offsetMinutes) {
    const local = new Date(date.getTime() + offsetMinutes * 60_000);
    const [weekday, day, month, year, time] = local.toUTCString().replace(",", "").split(" ");
    const [hours, minutes] = [Math.floor(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60].map((part) => String(part).padStart(2, "0"));
    return `${weekday}, ${Number(day)} ${month} ${year} ${time} ${offsetMinutes < 0 ? "-" : "+"}${hours}${minutes}`;
}

/** The messages of a file: each of an mbox stands behind a line that begins with `From `, with an empty line before it. */
function messagesIn(name, bytes) {
    if (!/\.mbox(\.txt)?$/.test(name)) {
        return [[name, bytes]];
    }
    // An octet each: the messages have charsets of their own.
    const octets = [...bytes].map((octet) => String.fromCharCode(octet)).join("").replace(/^\xef\xbb\xbf/, "");
    const messages = [];
    for (const line of octets.match(/[^\n]*\n|[^\n]+$/g)) {
        line.startsWith("From ") ? messages.push([]) : messages.at(-1)?.push(line);
    }
    const last = messages.at(-1);
    return messages.map((lines, at) => {
        const text = lines !== last && lines.at(-1)?.trim() === "" ? lines.slice(0, -1) : lines;
        return [`${name}#${at + 1}`, Uint8Array.from(text.join(""), (char) => char.charCodeAt(0))];
    });
}

export const data = {
    async every_file_is_read_or_refused_as_the_table_says(context) {
        const { sets } = await context.table("pgp-data.json");
        const found = [];
        for (const set of sets) {
            found.push(...(await differences(context, set)));
        }
        same(found, []);
    },

    /** Every charset of the host's is among them. */
    async odd_mail_shows_what_is_in_it({ postseal, table, corpora }) {
        const [found, sets] = [[], await table("odd-mail.json")];
        let count = 0;
        for (const [set, rows] of Object.entries(sets)) {
            for (const file of new Set(Object.keys(rows).map((name) => name.replace(/#\d+$/, "")))) {
                for (const [name, bytes] of messagesIn(file, await corpora(`${set}/${file}`))) {
                    const { subject, from = [], reply_to = [], to = [], cc = [], date, id, references = [], text, html, inline = [], files = [] } = rows[name];
                    const lists = { from: inOrder(from), reply_to: inOrder(reply_to), to: inOrder(to), cc: inOrder(cc) };
                    const is = shown(await postseal.parseMessage(bytes));
                    const should = { subject, ...lists, date, id, references, text, html, inline, files };
                    if (JSON.stringify(is) !== JSON.stringify(should)) {
                        found.push(`${set}/${name}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`);
                    }
                    count++;
                }
            }
        }
        same(found, []);
        same(count, Object.values(sets).flatMap(Object.keys).length, "the number of messages");
    },

    /** Its samples come with S/MIME; what they say about header fields holds for OpenPGP as well, so that they are put into that. */
    async fields_inside_win_and_those_outside_are_reported(context) {
        const { postseal } = context;
        const { corpus, rows } = await context.table("rfc9788.json");
        const { key } = await postseal.SecretKey.generate("bob@example.net", { profile: "modern" });
        const keyring = new postseal.Keyring([await key.unlockUnprotected()]);
        const text = async (file) =>
            decode(await context.corpora(`${corpus}/${file}`)).replaceAll("\r\n", "\n").replaceAll("\n", "\r\n");
        for (const [file, row] of Object.entries(rows)) {
            const content = await text(file);
            const outer = row.outer ? around(await text(row.outer)) : announced(content);
            const sealed = await postseal.encrypt(content, { certificates: [key.certificate], armored: true });
            const message = `${outer}MIME-Version: 1.0\r\n${wrapped('multipart/encrypted; protocol="application/pgp-encrypted"', [
                "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n",
                `Content-Type: application/octet-stream\r\n\r\n${sealed}`,
            ])}`;
            const opened = await postseal.open(message, keyring);
            const { protected: fields, differing } = opened.verdict.headers;
            same(opened.message.subject, row.subject, file);
            same(opened.message.textBody.text.startsWith(row.begins), true, `${file}: ${opened.message.textBody.text}`);
            same(fields, row.protected, file);
            same(Object.fromEntries(differing.map(({ name, outside }) => [name, outside])), row.differing, file);
        }
    },
};
