/** The example's server, as a page and as strangers use it. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";

import { ALICE, BOB, CAROL, noMail, serve, start } from "./support.js";

const NOBODY = "nobody@example.test";

/** Posts what a page would. */
function post(url, envelope, message = "Subject: Sealed\r\n\r\nSealed.\r\n", site = "same-origin") {
    const body = new FormData();
    body.append("envelope", JSON.stringify(envelope));
    body.append("message", new Blob([message]));
    return fetch(new URL("submit", url), { method: "POST", body, headers: { "Sec-Fetch-Site": site } });
}

describe("the server", () => {
    let serving;
    before(async () => (serving = await serve({ SMTP_URL: "" })));
    after(() => serving.stop());

    /** The answer to a request line that `fetch` would not send. */
    const raw = (path) =>
        new Promise((resolve, reject) => {
            let answer = "";
            const socket = connect(Number(new URL(serving.url).port), "localhost");
            socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
            socket.on("data", (data) => (answer += data)).on("end", () => resolve(answer)).on("error", reject);
        });

    test("an address that is none is answered, and nothing ends", async () => {
        assert.match(await raw("//"), /^HTTP\/1.1 400 /);
        assert.match(await raw("http://["), /^HTTP\/1.1 400 /);
        assert.match(await raw("/%"), /^HTTP\/1.1 404 /);
        assert.match(await raw("/postseal//etc/passwd"), /^HTTP\/1.1 404 /);
        assert.match(await raw("/..%2fserver.js"), /^HTTP\/1.1 404 /);
        assert.equal((await fetch(serving.url)).status, 200);
    });

    test("names are not looked up, and no code is loaded from elsewhere", async () => {
        const { headers } = await fetch(serving.url);
        assert.equal(headers.get("X-DNS-Prefetch-Control"), "off");
        assert.match(headers.get("Content-Security-Policy"), /^default-src 'none'; script-src 'self' /);
    });

    test("what is too large is refused in words", async () => {
        const response = await post(serving.url, { from: ALICE, to: [BOB] }, new Uint8Array(70 * 1024 * 1024));
        assert.deepEqual([response.status, await response.text()], [413, "the message is too large"]);
    });

    test("a page from elsewhere sends nothing", async () => {
        assert.equal((await post(serving.url, { from: ALICE, to: [BOB] }, "", "cross-site")).status, 403);
    });

    test("an envelope has addresses, each of them one", async () => {
        const wrong = [`${BOB}\r\nRCPT TO:<${CAROL}>`, `${BOB}, ${CAROL}`, `${BOB}>`, `${BOB} SIZE=1`, "bob", "", null, { address: BOB }];
        for (const address of wrong) {
            assert.equal((await post(serving.url, { from: ALICE, to: [address] })).status, 400, String(address));
            assert.equal((await post(serving.url, { from: address, to: [BOB] })).status, 400, String(address));
        }
        assert.equal((await post(serving.url, { from: ALICE, to: [] })).status, 400);
        assert.equal((await post(serving.url, null)).status, 400);
        const text = await fetch(new URL("submit", serving.url), { method: "POST", body: "Hi.", headers: { "Sec-Fetch-Site": "same-origin" } });
        assert.equal(text.status, 400);
        assert.equal((await post(serving.url, { from: "alice@bücher.example", to: ["bob+1@[127.0.0.1]"] })).status, 503);
    });
});

describe("submitting", { skip: noMail }, () => {
    let site;
    before(async () => (site = await start()));
    after(() => site?.close());
    afterEach(() => site.mail.clearFaults());

    const receipt = async (to) => (await post(site.url, { from: ALICE, to })).json();

    test("a message arrives byte for byte", async () => {
        const message = "Subject: Sealed\r\n\r\nSealed: \t\x01\r\n.\r\n\r\n";
        const response = await post(site.url, { from: ALICE, to: [BOB] }, message);
        assert.deepEqual(await response.json(), { delivery: "sent", accepted: [BOB], refused: [] });
        assert.deepEqual((await site.mail.messages(BOB)).map(String), [message]);
    });

    test("the receipt names who was refused", async () => {
        const refused = [{ address: NOBODY, reason: "550 5.1.1 no such user here" }];
        assert.deepEqual(await receipt([BOB, NOBODY]), { delivery: "sent", accepted: [BOB], refused });
        const { reason, ...rest } = await receipt([NOBODY]);
        assert.deepEqual(rest, { delivery: "not-sent", accepted: [], refused });
    });

    test("eight hundred recipients are no more trouble than one", async () => {
        const many = Array.from({ length: 800 }, (_, at) => `a-recipient-with-a-long-name-${at}@example.test`);
        const { delivery, refused } = await receipt([BOB, ...many]);
        assert.deepEqual([delivery, refused.length], ["sent", 800]);
    });

    test("not sent, and nobody knows, are two things", async () => {
        await site.mail.fault({ instead_of: "MAIL", effect: "refuse", text: "451 4.3.0 later", times: 1 });
        assert.equal((await receipt([BOB])).delivery, "not-sent");
        await site.mail.fault({ before: ".", effect: "cut", times: 1 });
        assert.equal((await receipt([BOB])).delivery, "unknown");
    });

    test("where nobody listens nothing is sent", async () => {
        const serving = await serve({ SMTP_URL: "smtp://127.0.0.1:1" });
        const { delivery } = await (await post(serving.url, { from: ALICE, to: [BOB] })).json();
        await serving.stop();
        assert.equal(delivery, "not-sent");
    });
});
