/**
 * Serves the page, and submits what it has sealed: a stranger to what is inside.
 *
 *     SMTP_URL=smtps://alice@example.org:password@smtp.example.org node server.js
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import nodemailer from "nodemailer";

const page = new URL("public/", import.meta.url);
const library = new URL("./", import.meta.resolve("postseal/package.json"));
const types = { html: "text/html", css: "text/css", js: "text/javascript", wasm: "application/wasm" };

/** Nothing comes from elsewhere and no text becomes code. The frame for HTML mail has a stricter policy of its own. */
const headers = {
    "Content-Security-Policy":
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    // No policy covers this: the names in a mail's links would be looked up, and whoever wrote it would see that it is read.
    "X-DNS-Prefetch-Control": "off",
};

/** The most bytes of what is posted: a message, and its envelope. */
const MOST = 64 * 1024 * 1024;

/** An address of an envelope, with nothing in it that the SMTP client or server could take for more than one. */
const ADDRESS = /^[^\s\p{Cc}<>()[\]\\,;:@"]+@[^\s\p{Cc}<>()\\,;@"]+$/u;

/** After these nothing was sent. After anything else, such as a connection that broke, the server may have the message. */
const UNSENT = ["EAUTH", "EDNS", "EENVELOPE", "EMESSAGE", "ETLS"];

const transport = process.env.SMTP_URL && nodemailer.createTransport(process.env.SMTP_URL, { disableFileAccess: true, disableUrlAccess: true });

/** Why a request is not carried out. */
class Refusal extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

async function file(path) {
    const [base, rest] = path.startsWith("postseal/") ? [new URL("dist/", library), path.slice("postseal/".length)] : [page, path || "index.html"];
    try {
        const url = new URL(rest, base);
        if (!url.href.startsWith(base.href)) {
            throw new Error("outside");
        }
        return { body: await readFile(fileURLToPath(url)), type: types[url.pathname.split(".").pop()] ?? "application/octet-stream" };
    } catch {
        throw new Refusal(404, "not here");
    }
}

async function whole(request) {
    const pieces = [];
    let length = 0;
    for await (const piece of request) {
        length += piece.length;
        // What is too much is read to its end all the same: a browser that can't send all of it does not see the answer.
        if (length <= MOST) {
            pieces.push(piece);
        }
    }
    if (length > MOST) {
        throw new Refusal(413, "the message is too large");
    }
    return Buffer.concat(pieces);
}

/** The form that was posted: the envelope, as JSON, and the sealed message. */
async function posted(request) {
    const body = await whole(request);
    try {
        const form = await new Response(body, { headers: { "Content-Type": request.headers["content-type"] } }).formData();
        const { from, to } = JSON.parse(form.get("envelope"));
        const message = Buffer.from(await form.get("message").arrayBuffer());
        if (to.length > 0 && [from, ...to].every((address) => typeof address === "string" && ADDRESS.test(address))) {
            return { envelope: { from, to }, message };
        }
    } catch {
        // It is something else.
    }
    throw new Refusal(400, "no sealed message with an envelope of addresses");
}

/** Submits a message. Returns a receipt: what became of it, and who was accepted or refused. */
async function submit(request) {
    const { envelope, message } = await posted(request);
    if (!transport) {
        throw new Refusal(503, "no server to submit to: set SMTP_URL");
    }
    const refused = ({ rejectedErrors = [] }) => rejectedErrors.map(({ recipient, response }) => ({ address: recipient, reason: response }));
    try {
        const info = await transport.sendMail({ envelope, raw: message });
        return { delivery: "sent", accepted: info.accepted, refused: refused(info) };
    } catch (error) {
        const isUnsent = UNSENT.includes(error.code) || error.syscall === "connect";
        return { delivery: isUnsent ? "not-sent" : "unknown", accepted: [], refused: refused(error), reason: error.message };
    }
}

async function answer(request) {
    if (!URL.canParse(request.url, "http://localhost")) {
        throw new Refusal(400, "no address of a page");
    }
    const { pathname } = new URL(request.url, "http://localhost");
    if (request.method !== "POST" || pathname !== "/submit") {
        return file(pathname.slice(1));
    }
    // A page from elsewhere can't have this one's server send mail.
    if (request.headers["sec-fetch-site"] !== "same-origin") {
        throw new Refusal(403, "not from this page");
    }
    return { body: JSON.stringify(await submit(request)), type: "application/json" };
}

export const server = createServer(async (request, response) => {
    try {
        const { body, type } = await answer(request);
        response.writeHead(200, { ...headers, "Content-Type": type }).end(body);
    } catch (error) {
        const { status, message } = error instanceof Refusal ? error : { status: 500, message: "failed" };
        response.writeHead(status, { ...headers, "Content-Type": "text/plain" }).end(message);
    }
});

const port = Number(process.env.PORT ?? 8080);
server.listen(port, "localhost", () => console.log(`http://localhost:${server.address().port}/`));
