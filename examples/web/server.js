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
};

/** The most bytes of a message that is submitted. */
const MOST = 64 * 1024 * 1024;

const transport = process.env.SMTP_URL && nodemailer.createTransport(process.env.SMTP_URL, { disableFileAccess: true, disableUrlAccess: true });

async function file(path) {
    const [base, rest] = path.startsWith("postseal/") ? [new URL("dist/", library), path.slice("postseal/".length)] : [page, path || "index.html"];
    const url = new URL(rest, base);
    if (!url.href.startsWith(base.href)) {
        throw new Error("outside");
    }
    return { body: await readFile(fileURLToPath(url)), type: types[url.pathname.split(".").pop()] ?? "application/octet-stream" };
}

async function submit(request, query) {
    const pieces = [];
    let length = 0;
    for await (const piece of request) {
        length += piece.length;
        if (length > MOST) {
            return { status: 413, body: "the message is too large" };
        }
        pieces.push(piece);
    }
    if (!transport) {
        return { status: 503, body: "no server to submit to: set SMTP_URL" };
    }
    const envelope = { from: query.get("from"), to: query.getAll("to") };
    try {
        await transport.sendMail({ envelope, raw: Buffer.concat(pieces) });
        return { status: 200, body: "sent" };
    } catch (error) {
        return { status: 502, body: error.message };
    }
}

export const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    try {
        if (request.method === "POST" && pathname === "/submit") {
            // A page from elsewhere can't have this one's server send mail.
            const isOwn = request.headers["sec-fetch-site"] === "same-origin";
            const { status, body } = isOwn ? await submit(request, searchParams) : { status: 403, body: "not from this page" };
            response.writeHead(status, { ...headers, "Content-Type": "text/plain" }).end(body);
            return;
        }
        const { body, type } = await file(pathname.slice(1));
        response.writeHead(200, { ...headers, "Content-Type": type }).end(body);
    } catch {
        response.writeHead(404, headers).end();
    }
});

const port = Number(process.env.PORT ?? 8080);
server.listen(port, "localhost", () => console.log(`http://localhost:${server.address().port}/`));
