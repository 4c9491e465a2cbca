/** The in-memory mail server, as a child process that takes commands. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Starts the server; it ends with its input. */
export async function startMailServer(program) {
    const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const read = async () => JSON.parse((await lines.next()).value);
    const hello = await read();
    return {
        hello,
        passwords: Object.fromEntries(hello.users.map(({ address, password }) => [address, password])),
        async messages(user) {
            child.stdin.write(`${JSON.stringify({ do: "messages", user, mailbox: "INBOX" })}\n`);
            return (await read()).messages.map((message) => Buffer.from(message, "base64"));
        },
        close: () =>
            new Promise((resolve) => {
                child.once("exit", resolve);
                child.stdin.end();
            }),
    };
}
