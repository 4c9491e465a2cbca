/** What others have made, with the verdicts that every language has to come to (tests/vectors/pgp-mail.json). */

import { same } from "./check.js";

/** `NotSigned` as `not-signed`. */
function identifier(reason) {
    const [name] = reason.split(" ");
    return name.replace(/[A-Z]/g, (letter, at) => (at ? "-" : "") + letter.toLowerCase());
}

async function opened({ postseal }, message, keyring, passphrases, now) {
    try {
        const { verdict } = await postseal.open(message, keyring, { passphrases, now });
        return { verdict: verdict.level, reasons: verdict.reasons.map(({ id }) => id) };
    } catch (error) {
        return { verdict: `error: ${error.code}: ${error.message}`, reasons: [] };
    }
}

/** The messages of one set, each with the verdict that the table says. */
async function checkSet(context, { corpus, messages, keys, passphrases = [], now, rows }) {
    const { postseal, corpora } = context;
    const keyring = new postseal.Keyring();
    const date = new Date(now * 1000);
    for (const name of keys) {
        const bytes = await corpora(`${corpus}/${name}`);
        keyring.add(...(await postseal.Certificate.importAll(bytes, { now: date })));
        const secret = await postseal.SecretKey.importAll(bytes).catch(() => []);
        keyring.add(...secret);
    }
    const differences = [];
    for (const [name, row] of Object.entries(rows)) {
        const message = await corpora(`${corpus}/${messages === "." ? "" : `${messages}/`}${name}`);
        const is = await opened(context, message, keyring, passphrases, date);
        const should = { verdict: row.verdict, reasons: row.reasons.map(identifier) };
        if (JSON.stringify(is) !== JSON.stringify(should)) {
            differences.push(`${name}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`);
        }
    }
    same(differences, []);
    return Object.keys(rows).length;
}

export const vectors = {
    async every_message_gets_the_verdict_that_the_table_says(context) {
        const { sets } = await context.table("pgp-mail.json");
        let count = 0;
        for (const set of sets) {
            count += await checkSet(context, set);
        }
        same(count > 90, true, "that many messages were opened");
    },
};
