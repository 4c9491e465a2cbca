/**
 * The module in threads of its own.
 *
 * One thread, the vault, has all unlocked keys, and does what is short. The others do what may take long, one operation at a time, and can
 * be ended in the middle of it; a key that one of them needs goes there from the vault directly, past the page.
 */

import type { CallOptions, DecryptedBlob, Engine, LongOptions, Spooled } from "./engine.js";
import { checkSignal, PostsealError } from "./errors.js";
import { Loader } from "./loader.js";
import { decryptInMemory, encryptInPieces } from "./memory.js";
import type { Arguments, CallName, KeyringRef, RecipientsRef, Result } from "./operations.js";
import { withSignal } from "./signal.js";
import type { ModuleSource } from "./source.js";
import { discard, newFile, tidy } from "./spool.js";
import { Thread } from "./thread-handle.js";
import type { DecryptedFile, EncryptedFile } from "./thread.js";

/** What may take long, with what it needs of the keys. */
const LONG: { readonly [Name in CallName]?: (args: Arguments<Name>) => readonly number[] } = {
    seal: ([, , keyring]) => keyring.content?.unlocked ?? [],
    open: ([, keyring]) => keyring.content?.unlocked ?? [],
    parseMessage: () => [],
    encrypt: ([, recipients]) => signerOf(recipients),
    decrypt: ([, keyring]) => keyring.content?.unlocked ?? [],
    signDetached: ([, handle]) => [handle],
    signInline: ([, handle]) => [handle],
    signCleartext: ([, handle]) => [handle],
    verifyInline: ([, keyring]) => keyring.content?.unlocked ?? [],
    verifyDetached: ([, , keyring]) => keyring.content?.unlocked ?? [],
    beginEncryption: ([, recipients]) => signerOf(recipients),
};

export class PoolEngine implements Engine {
    readonly #loader = new Loader();
    #vault: Promise<Thread> | undefined;
    readonly #idle: Thread[] = [];
    readonly #waiting: (() => void)[] = [];
    readonly #sessions = new Map<number, Thread>();
    readonly #threads = new Set<Thread>();
    /** The keys that are on their way from the vault to another thread. */
    readonly #underway = new Set<{ readonly handle: number; isReleased: boolean }>();
    #isTidy = false;
    /** How many threads there are beside the vault, and beside those that an encryption has for itself. */
    #count = 0;

    async init(source?: ModuleSource): Promise<void> {
        await this.#start(source);
        // With one of each kind everything works where the server is gone.
        await Promise.all([this.#theVault(), this.#inOneThread(undefined, async () => {})]);
    }

    async #start(source?: ModuleSource): Promise<void> {
        await this.#loader.load(source);
        if (!this.#isTidy && hasFiles()) {
            this.#isTidy = true;
            // Where that fails there is nothing to keep for anybody either.
            tidy().catch(() => {});
        }
    }

    startSync(source: BufferSource | WebAssembly.Module): void {
        this.#loader.compiled(source);
    }

    async call<Name extends CallName>(
        name: Name,
        args: Arguments<Name>,
        options: CallOptions = {},
    ): Promise<Result<Name>> {
        const { signal, session } = options;
        if (session !== undefined) {
            return this.#encrypting(session, name, args, options);
        }
        if (name === "release") {
            const [handles] = args as Arguments<"release">;
            this.#underway.forEach((key) => (key.isReleased ||= handles.includes(key.handle)));
        }
        checkSignal(signal);
        await withSignal(this.#start(), signal);
        if (name === "release" || name === "releaseKeyring") {
            return (await this.#tellAll((thread) => thread.call(name, args))) as Result<Name>;
        }
        if (!LONG[name]) {
            // It ends soon by itself, and others' keys are there.
            const vault = await withSignal(this.#theVault(), signal);
            checkSignal(signal);
            return withSignal(vault.call(name, args), signal);
        }
        return this.#inOneThread(signal, (thread) => this.#callIn(thread, name, args, options));
    }

    async decryptBlob(
        blob: Blob,
        keyring: Arguments<"decrypt">[1],
        reading: Arguments<"decrypt">[2],
        now: number,
        options: LongOptions,
    ): Promise<DecryptedBlob> {
        if (!hasFiles()) {
            return decryptInMemory(this, blob, keyring, reading, now, options);
        }
        return this.#spooling(blob, options, async (thread, file, onProgress) => {
            await this.#bring(thread, keyring.content?.unlocked ?? []);
            const args: [KeyringRef, Arguments<"decrypt">[2], number] = [keyring, reading, now];
            return (await thread.send({ do: "decrypt-blob", blob, file, args }, [], onProgress)) as DecryptedFile;
        });
    }

    async encryptBlob(
        blob: Blob,
        recipients: RecipientsRef,
        now: number,
        options: LongOptions,
    ): Promise<Spooled> {
        if (!hasFiles()) {
            return encryptInPieces(this, blob, recipients, now, options);
        }
        return this.#spooling(blob, options, async (thread, file, onProgress) => {
            await this.#bring(thread, signerOf(recipients));
            const args: [RecipientsRef, number] = [recipients, now];
            return (await thread.send({ do: "encrypt-blob", blob, file, args }, [], onProgress)) as EncryptedFile;
        });
    }

    /** Has a thread write to a file, which is deleted where that fails or is given up. */
    async #spooling<T>(
        blob: Blob,
        { signal, onProgress }: LongOptions,
        act: (thread: Thread, file: string, onProgress: (done: number) => void) => Promise<T>,
    ): Promise<T & Pick<Spooled, "discard">> {
        checkSignal(signal);
        await withSignal(this.#start(), signal);
        const file = await newFile();
        try {
            const made = await this.#inOneThread(signal, (thread) => act(thread, file, onProgress));
            onProgress(blob.size);
            return { ...made, discard: () => discard(file) };
        } catch (error) {
            await discard(file);
            throw error;
        }
    }

    /** One step of an encryption that goes piece by piece, in a thread that it has for itself until its end. */
    async #encrypting<Name extends CallName>(
        session: number,
        name: Name,
        args: Arguments<Name>,
        options: CallOptions,
    ): Promise<Result<Name>> {
        const { signal } = options;
        let thread = this.#sessions.get(session);
        if (name === "beginEncryption") {
            checkSignal(signal);
            await withSignal(this.#start(), signal);
            const starting = this.#newThread();
            try {
                thread = await withSignal(starting, signal);
            } catch (error) {
                starting.then((thread) => thread.end()).catch(() => {});
                throw error;
            }
            this.#sessions.set(session, thread);
        } else if (!thread) {
            if (name === "dropEncryption") {
                return undefined as Result<Name>;
            }
            throw new PostsealError("closed", "the encryption has ended");
        }
        const end = () => {
            this.#sessions.delete(session);
            thread?.end();
        };
        try {
            checkSignal(signal);
            const result = await withSignal(this.#callIn(thread as Thread, name, args, options), signal);
            if (name === "finishEncryption" || name === "dropEncryption") {
                end();
            }
            return result;
        } catch (error) {
            end();
            throw error;
        }
    }

    async #callIn<Name extends CallName>(
        thread: Thread,
        name: Name,
        args: Arguments<Name>,
        options: CallOptions,
    ): Promise<Result<Name>> {
        const needed = LONG[name]?.(args) ?? [];
        await this.#bring(thread, needed);
        return thread.call(name, args, options.transfer);
    }

    /** Does something in a thread that has nothing else to do, and which is ended where the signal is. */
    async #inOneThread<T>(signal: AbortSignal | undefined, act: (thread: Thread) => Promise<T>): Promise<T> {
        const thread = await this.#acquire(signal);
        try {
            return await withSignal(act(thread), signal);
        } catch (error) {
            if (!(error instanceof PostsealError) || error.code === "cancelled") {
                // It is still at it.
                thread.end();
            }
            throw error;
        } finally {
            this.#free(thread);
        }
    }

    async #acquire(signal: AbortSignal | undefined): Promise<Thread> {
        let refused: unknown;
        for (;;) {
            checkSignal(signal);
            if (refused !== undefined && this.#count === 0) {
                // There is none to wait for, neither for who waits already.
                this.#waiting.shift()?.();
                throw refused;
            }
            const idle = this.#idle.pop();
            if (idle && !idle.isEnded) {
                return idle;
            }
            if (idle) {
                // It has failed while it had nothing to do.
                this.#count--;
                continue;
            }
            if (refused === undefined && this.#count < mostThreads()) {
                const starting = this.#another();
                try {
                    return await withSignal(starting, signal);
                } catch (error) {
                    if (signal?.aborted) {
                        // It is for others then.
                        starting.then((thread) => this.#free(thread)).catch(() => {});
                        throw error;
                    }
                    // One of those that there are will do.
                    refused = error;
                    continue;
                }
            }
            let turn: () => void = () => {};
            const called = new Promise<void>((resolve) => this.#waiting.push((turn = resolve)));
            try {
                await withSignal(called, signal);
            } catch (error) {
                const at = this.#waiting.indexOf(turn);
                // Whose turn it was already passes it on.
                at < 0 ? this.#waiting.shift()?.() : this.#waiting.splice(at, 1);
                throw error;
            }
        }
    }

    async #another(): Promise<Thread> {
        this.#count++;
        try {
            return await this.#newThread();
        } catch (error) {
            this.#count--;
            this.#waiting.shift()?.();
            throw error;
        }
    }

    #free(thread: Thread): void {
        thread.isEnded ? this.#count-- : this.#idle.push(thread);
        this.#waiting.shift()?.();
    }

    /** Sees to it that a thread has the keys of these numbers. */
    async #bring(thread: Thread, handles: readonly number[]): Promise<void> {
        for (const handle of handles.filter((handle) => !thread.handles.has(handle))) {
            const { port1, port2 } = new MessageChannel();
            const key = { handle, isReleased: false };
            this.#underway.add(key);
            try {
                const vault = await this.#theVault();
                await vault.send({ do: "give", handle, port: port1 }, [port1]);
                await thread.send({ do: "take", handle, port: port2 }, [port2]);
                thread.handles.add(handle);
                if (key.isReleased) {
                    // It has come after it was wiped everywhere else.
                    await thread.call("release", [[handle]]);
                    throw new PostsealError("closed", "the unlocked key was freed");
                }
            } catch (error) {
                // With it goes what waits in it.
                port2.close();
                throw error;
            } finally {
                this.#underway.delete(key);
            }
        }
    }

    /** Every thread that there is. One that fails at it has nothing any more. */
    async #tellAll(tell: (thread: Thread) => Promise<unknown>): Promise<void> {
        const vault = await this.#vault?.catch(() => undefined);
        const threads = [...(vault ? [vault] : []), ...this.#threads].filter((thread) => !thread.isEnded);
        await Promise.allSettled(threads.map(tell));
    }

    async #newThread(): Promise<Thread> {
        const module = await this.#loader.load();
        const thread = await Thread.start(module, (thread) => this.#threads.delete(thread));
        this.#threads.add(thread);
        return thread;
    }

    async #theVault(): Promise<Thread> {
        const known = this.#vault;
        const vault = await known?.catch(() => undefined);
        if (vault && !vault.isEnded) {
            return vault;
        }
        if (this.#vault === known) {
            // With one that has failed, its keys are gone; whoever uses one of them is told so.
            this.#vault = this.#loader.load().then((module) => Thread.start(module, () => {}));
        }
        return this.#vault as Promise<Thread>;
    }
}

/** Whether threads have a place for files, and can pull from a Blob: they can in pages. */
function hasFiles(): boolean {
    // Node has no FileReader, and its older versions no navigator.
    return (
        typeof FileReader !== "undefined" &&
        typeof navigator.storage?.getDirectory === "function" &&
        typeof navigator.locks?.query === "function"
    );
}

/** How many threads work at the same time. */
function mostThreads(): number {
    const cores = globalThis.navigator?.hardwareConcurrency ?? 2;
    return Math.max(1, Math.min(cores - 1, 4));
}

function signerOf(recipients: RecipientsRef): readonly number[] {
    return recipients.signer === undefined ? [] : [recipients.signer];
}
