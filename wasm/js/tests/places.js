/** Where things are, for tests that run in Node. */

import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = new URL("../../../", import.meta.url);

export const dist = new URL("wasm/js/dist/", root);
export const suite = new URL("wasm/js/tests/suite/", root);
export const tables = new URL("tests/vectors/", root);
export const corpora = new URL("../shared/corpora/", root);

/** Whether there is what others have made; in CI it has to be. */
export const hasCorpora = existsSync(corpora);
if (!hasCorpora && process.env.CI === "true") {
    throw new Error(`${fileURLToPath(corpora)} is absent`);
}

/** The tests that can't run without it. */
export const needCorpora = [
    "every_message_gets_the_verdict_that_the_table_says",
    "every_file_is_read_or_refused_as_the_table_says",
    "odd_mail_shows_what_is_in_it",
    "fields_inside_win_and_those_outside_are_reported",
];
export const why = "../shared/corpora is absent";

/** What a test of the suite has, in Node. */
export function context(postseal) {
    return {
        postseal,
        table: async (name) => JSON.parse(readFileSync(new URL(name, tables), "utf8")),
        own: async (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8")),
        corpora: async (path) => new Uint8Array(await readFile(new URL(path, corpora))),
        openpgp: () => import("openpgp"),
    };
}
