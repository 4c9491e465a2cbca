/** A sealed letter on its way. It remembers who has got it: to send it again sends the same letter, and only to the others. */

/** What is to be sent of what was sealed. */
export function letterOf({ copies }) {
    return copies.map(({ envelope: { from, to }, bytes }) => ({ from, bytes, got: [], left: to }));
}

export const whoGot = (letter) => letter.flatMap(({ got }) => got);
/** Whether surely nobody has got it. */
export const isWithUs = (letter) => letter.every(({ got, isUnknown }) => got.length === 0 && !isUnknown);
export const whoLacks = (letter) => letter.flatMap(({ left }) => left);

/** Sends to everyone who has not got it, copy by copy. Returns what came of it, or throws it, where somebody has not got it. */
export async function send(letter, signal) {
    const troubles = [];
    for (const copy of letter.filter(({ left }) => left.length > 0)) {
        const { delivery, accepted, refused, reason } = signal.aborted ? stopped : await submitted(copy, signal);
        troubles.push(...refused.map(({ address, reason }) => `${address} was refused: ${reason}.`));
        if (delivery === "sent") {
            copy.got.push(...accepted);
            copy.left = refused.map(({ address }) => address);
        } else if (delivery === "unknown") {
            copy.isUnknown = true;
            troubles.push(`Whether ${copy.left.join(", ")} got it is not known: ${reason}. To send it again may bring it there twice.`);
            break;
        } else if (refused.length === 0) {
            troubles.push(`${reason}.`);
            break;
        }
    }
    const [got, left] = [whoGot(letter), whoLacks(letter)];
    if (left.length === 0) {
        return "Sealed and sent.";
    }
    const sent = got.length > 0 ? [`Sent to ${got.join(", ")}.`] : [];
    throw new Error([...sent, `As far as is known, not sent to ${left.join(", ")}.`, ...troubles].join(" "));
}

const stopped = { delivery: "not-sent", accepted: [], refused: [], reason: "it was stopped" };

/** Has the server submit one copy, and returns its receipt. When none comes, nobody knows what became of the copy. */
async function submitted({ from, bytes, left }, signal) {
    const body = new FormData();
    body.append("envelope", JSON.stringify({ from, to: left }));
    body.append("message", new Blob([bytes]));
    try {
        const response = await fetch("submit", { method: "POST", body, signal });
        if (response.ok) {
            return await response.json();
        }
        // What stands between may say that it has failed when the server has done it.
        const isUnknown = response.status >= 500 && response.status !== 503;
        return { ...stopped, delivery: isUnknown ? "unknown" : "not-sent", reason: await response.text() };
    } catch (error) {
        return { ...stopped, delivery: "unknown", reason: signal.aborted ? "it was stopped" : error.message };
    }
}
