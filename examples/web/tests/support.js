/** What the tests of the page and of its server have in common. */

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ALICE = "alice@example.test";
export const BOB = "bob@example.test";
export const CAROL = "carol@example.test";

const example = fileURLToPath(new URL("../", import.meta.url));
const program = process.env.POSTSEAL_TEST_SERVER;
if (!program && process.env.CI === "true") {
    throw new Error("POSTSEAL_TEST_SERVER names no server");
}

/** Why nothing can be sent here; nothing where it can. */
export const noMail = program ? false : "POSTSEAL_TEST_SERVER names no server: cargo xtask bindings javascript does";

/** A folder of its own, an in-memory mail server that takes commands, and the example's server, which submits to it as Alice. */
export async function start() {
    const folder = mkdtempSync(join(tmpdir(), "postseal-"));
    const mail = await startMailServer();
    writeFileSync(join(folder, "ca.pem"), mail.hello.ca);
    const { password } = mail.hello.users.find(({ address }) => address === ALICE);
    const login = `${encodeURIComponent(ALICE)}:${encodeURIComponent(password)}`;
    const SMTP_URL = `smtps://${login}@${mail.hello.host}:${mail.hello.smtp.tls}`;
    const serving = await serve({ SMTP_URL, NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") });
    const close = async () => {
        await serving.stop();
        await mail.close();
        rmSync(folder, { recursive: true, force: true });
    };
    return { folder, mail, ...serving, close };
}

/** The example's server, as a program. */
export async function serve(variables) {
    if (!existsSync(join(example, "node_modules"))) {
        execFileSync("npm", ["ci", "--silent", "--no-audit", "--no-fund"], { cwd: example });
    }
    const env = { ...process.env, PORT: "0", ...variables };
    const child = spawn("node", ["server.js"], { cwd: example, env, stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const url = await new Promise((resolve) => child.stdout.once("data", (data) => resolve(data.toString().trim())));
    const stop = () => {
        child.kill();
        return ended;
    };
    return { url, stop };
}

async function startMailServer() {
    const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const read = async () => JSON.parse((await lines.next()).value);
    const hello = await read();
    const tell = (command) => {
        child.stdin.write(`${JSON.stringify(command)}\n`);
        return read();
    };
    return {
        hello,
        /** What is done to SMTP from here on, as the server's `fault` takes it. */
        fault: (fault) => tell({ do: "fault", protocol: "smtp", ...fault }),
        clearFaults: () => tell({ do: "clear-faults" }),
        async messages(user) {
            const { messages } = await tell({ do: "messages", user, mailbox: "INBOX" });
            return messages.map((message) => Buffer.from(message, "base64"));
        },
        close: () =>
            new Promise((resolve) => {
                child.once("exit", resolve);
                child.stdin.end();
            }),
    };
}
