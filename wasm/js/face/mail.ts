import type { Message, Opened, Protection, Sealed } from "../pkg/postseal.js";
import { type Draft, wireOf } from "./draft.js";
import { engine } from "./engine.js";
import { type Bytes, bytesOf, checkOptions, needed, type Options, type Passphrase, timeOf, withPassphrases } from "./input.js";
import { Keyring } from "./keyring.js";
import { holding } from "../lib/holding.js";

/** How to seal. */
export interface SealOptions extends Options {
    /** `sign-and-encrypt` where nothing is given. */
    readonly protection?: Protection | undefined;
    /** Whether the sender can read it too; true where nothing is given. */
    readonly encryptToSelf?: boolean | undefined;
}

/**
 * Seals a draft: one copy for the recipients who see each other, and one for each Bcc recipient.
 *
 * @throws PostsealError `key-missing` names everyone without a usable certificate, and nothing is sealed with less protection instead;
 * `invalid-input` names the field of the draft that can't be used
 */
export async function seal(draft: Draft, keyring: Keyring, options: SealOptions = {}): Promise<Sealed> {
    checkOptions(options, "protection", "encryptToSelf");
    const { protection = "sign-and-encrypt", encryptToSelf = true } = options;
    const { reference } = needed(keyring, Keyring, "keyring");
    const now = timeOf(options);
    return holding([keyring], async () => {
        const wire = await wireOf(draft);
        return engine.call("seal", [wire, protection, reference, encryptToSelf, now], options);
    });
}

/** How to open. */
export interface OpenOptions extends Options {
    /** Passphrases to try, where a message was encrypted to one. */
    readonly passphrases?: readonly Passphrase[] | undefined;
    /** The most bytes of a message, and of what is inside each layer of it; 64 MiB where nothing is given. */
    readonly maxBytes?: number | undefined;
}

/**
 * Opens a message: decrypts, verifies and judges it. One without any protection opens too, and its verdict says so.
 *
 * @throws PostsealError `key-missing` names the keys that could decrypt it; `wrong-passphrase`; `tampered`, after which nothing is known of
 * the content, since not one byte was handed out; `limit-exceeded`. A bad signature is no error: the verdict names it
 */
export async function open(message: Bytes, keyring: Keyring, options: OpenOptions = {}): Promise<Opened> {
    checkOptions(options, "passphrases", "maxBytes");
    const { passphrases = [], maxBytes } = options;
    const { reference } = needed(keyring, Keyring, "keyring");
    const now = timeOf(options);
    const open = async (passphrases: Uint8Array[]) => {
        const bytes = await bytesOf(message);
        return engine.call("open", [bytes, reference, { passphrases, maxBytes }, now], { ...options, transfer: [bytes] });
    };
    return holding([keyring], () => withPassphrases(passphrases, open));
}

/**
 * Parses a message, without opening it. Broken mail is read as far as it goes.
 *
 * @throws PostsealError `limit-exceeded` for one of more than 64 MiB, 1,000 parts, or a nesting of 32
 */
export async function parseMessage(message: Bytes, options: Options = {}): Promise<Message> {
    checkOptions(options);
    return engine.call("parseMessage", [await bytesOf(message)], options);
}
