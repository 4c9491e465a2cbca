import { holding } from "../lib/holding.js";
import type { KeyringContent, KeyringRef } from "../lib/operations.js";
import { Certificate } from "./certificate.js";
import { engine } from "./engine.js";
import { invalid } from "../lib/errors.js";
import { checkOptions, fingerprintOf, type Options, textOf, timeOf } from "./input.js";
import { SecretKey, UnlockedKey, withHandle } from "./secret-key.js";

let keyrings = 0;

/** What the module has of keyrings that nobody holds any more is wiped. */
const abandoned = new FinalizationRegistry<number>((id) => void release(id));

function release(id: number): Promise<void> {
    return engine.call("releaseKeyring", [id]).catch(() => {});
}

/**
 * The certificates and secret keys at hand. What stands in it is believed: a certificate that is added speaks for the addresses in its user
 * IDs, so whether to add one is the app's decision.
 */
export class Keyring {
    readonly #id = ++keyrings;
    readonly #items = new Set<Certificate | SecretKey | UnlockedKey>();
    #changes = 0;

    constructor(items: Iterable<Certificate | SecretKey | UnlockedKey> = []) {
        this.add(...items);
        abandoned.register(this, this.#id, this);
    }

    /** Adds certificates and keys; two versions of one certificate are merged. A secret key without a passphrase is ready for use. */
    add(...items: (Certificate | SecretKey | UnlockedKey)[]): this {
        if (!items.every((item) => item instanceof Certificate || item instanceof SecretKey || item instanceof UnlockedKey)) {
            throw invalid("keyring", "neither certificates nor keys, or of another entry point");
        }
        items.forEach((item) => this.#items.add(item));
        this.#changes++;
        return this;
    }

    /** Removes a certificate, with its secret key where there is one. Returns whether it was there. */
    remove(fingerprint: string): boolean {
        const name = fingerprintOf(fingerprint);
        const doomed = [...this.#items].filter((item) => item.fingerprint === name);
        doomed.forEach((item) => this.#items.delete(item));
        this.#changes++;
        return doomed.length > 0;
    }

    /** All certificates, in the order of their fingerprints. */
    async certificates(options: Options = {}): Promise<Certificate[]> {
        checkOptions(options);
        return these(this.#with((reference) => engine.call("certificates", [reference, timeOf(options)], options)));
    }

    /**
     * The certificates that have a key, primary or subkey, of this fingerprint or key ID. By key ID there may be several.
     *
     * @throws PostsealError `invalid-input` where it is neither
     */
    async byHandle(handle: string, options: Options = {}): Promise<Certificate[]> {
        checkOptions(options);
        const args = [textOf(handle, "handle"), timeOf(options)] as const;
        return these(this.#with((reference) => engine.call("byHandle", [reference, ...args], options)));
    }

    /**
     * The certificates that speak for an address, the best first.
     *
     * @throws PostsealError `invalid-input` where it is no address
     */
    async byAddress(address: string, options: Options = {}): Promise<Certificate[]> {
        checkOptions(options);
        const args = [textOf(address, "address"), timeOf(options)] as const;
        return these(this.#with((reference) => engine.call("byAddress", [reference, ...args], options)));
    }

    /**
     * The certificate to encrypt to for an address; undefined where there is none that can be used.
     *
     * @throws PostsealError `invalid-input` where it is no address
     */
    async encryptionCertificate(address: string, options: Options = {}): Promise<Certificate | undefined> {
        checkOptions(options);
        const args = [textOf(address, "address"), timeOf(options)] as const;
        const found = await this.#with((reference) => engine.call("encryptionCertificate", [reference, ...args], options));
        return found && new Certificate(found);
    }

    /**
     * The secret key to sign with as an address, to be freed apart from the one that was added.
     *
     * @throws PostsealError `key-missing` where there is none, or it is locked or unusable; `invalid-input` where it is no address
     */
    async signingKey(address: string, options: Options = {}): Promise<UnlockedKey> {
        checkOptions(options);
        const [by, now] = [textOf(address, "address"), timeOf(options)] as const;
        const [certificate, handle] = await this.#with((reference) =>
            withHandle((handle) => engine.call("signingKey", [reference, by, handle, now], options)),
        );
        return new UnlockedKey(new Certificate(certificate), handle);
    }

    /** The fingerprints of the secret keys that are ready for use. */
    unlockedKeys(): Promise<string[]> {
        return this.#with((reference) => engine.call("unlockedKeys", [reference]));
    }

    /** The fingerprints of the secret keys that have to be unlocked before use. */
    lockedKeys(): Promise<string[]> {
        return this.#with((reference) => engine.call("lockedKeys", [reference]));
    }

    /** Lets the module forget the keyring. Its certificates and keys are still there, and it can still be used. */
    free(): Promise<void> {
        return release(this.#id);
    }

    /** For `await using`. */
    [Symbol.asyncDispose](): Promise<void> {
        return this.free();
    }

    #with<T>(act: (reference: KeyringRef) => Promise<T>): Promise<T> {
        return holding([this], () => act(this.reference));
    }

    /** @internal */
    get reference(): KeyringRef {
        const items = [...this.#items];
        const keys = items.filter((item) => item instanceof UnlockedKey);
        const unlocked = keys.filter((key) => !key.isFreed);
        const content: KeyringContent = {
            // The certificate of a key that was freed is at hand still.
            certificates: [...items.filter((item) => item instanceof Certificate), ...keys.map((key) => key.certificate)].map(
                (certificate) => certificate.reference,
            ),
            secretKeys: items.filter((item) => item instanceof SecretKey).map((key) => key.reference),
            unlocked: unlocked.map((key) => key.reference),
        };
        return { id: this.#id, version: `${this.#changes}-${keys.length - unlocked.length}`, content };
    }
}

async function these(records: Promise<ConstructorParameters<typeof Certificate>[0][]>): Promise<Certificate[]> {
    return (await records).map((record) => new Certificate(record));
}
