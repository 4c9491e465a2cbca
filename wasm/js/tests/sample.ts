/** A program of somebody who trusts no type that is not strict. Compiled, not run. */

import {
    type Certificate,
    type ErrorCode,
    Keyring,
    KeyStore,
    type Opened,
    PostsealError,
    SecretKey,
    type UnlockedKey,
    type VerdictLevel,
    decryptBlob,
    encrypt,
    encryptStream,
    init,
    open,
    seal,
} from "postseal";
import { encrypt as encryptOnly } from "postseal/encrypt";
import { seal as sealInWorker } from "postseal/worker";

export async function write(alice: UnlockedKey, bob: Certificate, file: File, signal: AbortSignal): Promise<Uint8Array> {
    await init(new URL("https://example.org/postseal.wasm"));
    const keyring = new Keyring([alice, bob]);
    const draft = { from: "alice@example.org", to: ["Bob <bob@example.org>"], subject: "Hi", attachments: [file] };
    const sealed = await seal(draft, keyring, { protection: "sign-and-encrypt", signal });
    const copy = sealed.copies[0];
    if (!copy) {
        throw new Error("no copy");
    }
    return copy.bytes;
}

export async function read(message: Blob, keyring: Keyring): Promise<string> {
    try {
        const opened: Opened = await open(message, keyring, { passphrases: ["a passphrase"] });
        const level: VerdictLevel = opened.verdict.level;
        const signature = opened.verdict.signature;
        const signer: string = signature.status === "valid" ? signature.signer : "nobody";
        const date: Date | undefined = opened.message.date;
        return `${level} ${signer} ${date?.toISOString()} ${opened.message.textBody?.text}`;
    } catch (error) {
        if (error instanceof PostsealError) {
            const code: ErrorCode = error.code;
            return code === "key-missing" ? error.keys.join() : code;
        }
        throw error;
    }
}

export async function files(blob: Blob, certificates: Certificate[], target: WritableStream<Uint8Array>): Promise<string> {
    await blob.stream().pipeThrough(encryptStream({ certificates })).pipeTo(target);
    const armored: string = await encrypt("text", { certificates, armored: true });
    const binary: Uint8Array = await encrypt("text", { certificates });
    await using store = { [Symbol.asyncDispose]: async () => (await KeyStore.open()).close() };
    const { file, discard } = await decryptBlob(new Blob([armored]), { keyring: await (await KeyStore.open()).keyring() });
    await discard();
    void store;
    return `${file.size} ${binary.length}`;
}

export async function wrong(key: SecretKey): Promise<void> {
    // @ts-expect-error: there is no such protection
    await seal({ from: "a@example.org" }, new Keyring([key]), { protection: "some" });
    // @ts-expect-error: a draft is from somebody
    await sealInWorker({ to: [] }, new Keyring([]));
    // @ts-expect-error: what only encrypts does not sign
    await encryptOnly("text", { signWith: key });
}
