/** A thread, as the pool holds it. */

import { errorOf, PostsealError } from "./errors.js";
import type { Arguments, CallName, KeyringRef, Result } from "./operations.js";
import { openPort, type Port } from "./port.js";
import type { Answer, Order } from "./thread.js";

/** Of an order, what the thread's holder adds. */
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;

interface Pending {
    readonly resolve: (value: unknown) => void;
    readonly reject: (error: unknown) => void;
    readonly onProgress: ((done: number) => void) | undefined;
}

export class Thread {
    /** The keys that are there. */
    readonly handles = new Set<number>();
    /** The keyrings that are there, in which version. */
    readonly #keyrings = new Map<number, string>();
    /** How often it has lost keyrings: those that were on their way then may not be there. */
    #losses = 0;
    readonly #pending = new Map<number, Pending>();
    readonly #onEnd: (thread: Thread) => void;
    #port: Port | undefined;
    #orders = 0;
    #isEnded = false;

    private constructor(onEnd: (thread: Thread) => void) {
        this.#onEnd = onEnd;
    }

    static async start(module: WebAssembly.Module, onEnd: (thread: Thread) => void): Promise<Thread> {
        const thread = new Thread(onEnd);
        try {
            thread.#port = await openPort(
                (answer) => thread.#answered(answer),
                (why) => thread.end(new PostsealError("internal", `a thread has failed: ${why}`)),
            );
        } catch (cause) {
            throw new PostsealError("internal", `a thread can't be started: ${cause}`, {}, { cause });
        }
        try {
            await thread.send({ do: "start", module }, []);
        } catch (error) {
            thread.end();
            throw error;
        }
        return thread;
    }

    get isEnded(): boolean {
        return this.#isEnded;
    }

    /** Does one operation. */
    call<Name extends CallName>(
        name: Name,
        args: Arguments<Name>,
        transfer: readonly Uint8Array[] = [],
    ): Promise<Result<Name>> {
        const buffers = transfer.map((bytes) => bytes.buffer as ArrayBuffer);
        this.#forget(name, args);
        return this.send({ do: "call", name, args }, buffers) as Promise<Result<Name>>;
    }

    /** Sends an order, in which a keyring has no content where the thread has that already. */
    async send(
        order: Without<Order, "id">,
        transfer: Transferable[],
        onProgress?: (done: number) => void,
    ): Promise<unknown> {
        if (!("args" in order)) {
            return this.#send(order, transfer, onProgress);
        }
        const keyrings: KeyringRef[] = (order.args as readonly unknown[]).filter(isKeyring);
        const args = order.args.map((arg: unknown) => (isKeyring(arg) ? this.#known(arg) : arg));
        const losses = this.#losses;
        const done = await this.#send({ ...order, args } as typeof order, transfer, onProgress);
        if (losses === this.#losses) {
            keyrings.forEach(({ id, version }) => this.#keyrings.set(id, version));
        }
        return done;
    }

    #known(keyring: KeyringRef): KeyringRef {
        const { id, version } = keyring;
        return this.#keyrings.get(id) === version ? { id, version } : keyring;
    }

    #send(
        order: Without<Order, "id">,
        transfer: Transferable[],
        onProgress?: (done: number) => void,
    ): Promise<unknown> {
        const port = this.#port;
        if (!port || this.#isEnded) {
            return Promise.reject(new PostsealError("internal", "the thread has ended"));
        }
        const id = ++this.#orders;
        try {
            port.post({ ...order, id } as Order, transfer);
        } catch (error) {
            return Promise.reject(new PostsealError("invalid-input", `it can't be sent to a thread: ${error}`));
        }
        return new Promise((resolve, reject) => {
            this.#pending.set(id, { resolve, reject, onProgress });
            port.hold(true);
        });
    }

    /** Ends the thread, and whatever it is doing. */
    end(error = new PostsealError("internal", "the thread was ended")): void {
        if (!this.#isEnded) {
            this.#isEnded = true;
            this.#port?.terminate();
            this.#pending.forEach(({ reject }) => reject(error));
            this.#pending.clear();
            this.#onEnd(this);
        }
    }

    #answered(answer: Answer): void {
        const pending = this.#pending.get(answer.id);
        if (!pending) {
            return;
        }
        if ("progress" in answer) {
            try {
                pending.onProgress?.(answer.progress);
            } catch (error) {
                // Whoever is told and fails wants no more of it.
                this.#pending.delete(answer.id);
                pending.reject(error);
            }
            return;
        }
        this.#pending.delete(answer.id);
        this.#port?.hold(this.#pending.size > 0);
        if ("done" in answer) {
            pending.resolve(answer.done);
            return;
        }
        pending.reject(errorOf(answer.failed));
        if (answer.isLost) {
            // The module has trapped; nothing of it is used again.
            this.end();
        }
    }

    /** Knows what will not be there when the operation is done. */
    #forget<Name extends CallName>(name: Name, args: Arguments<Name>): void {
        if (name === "release") {
            const [handles] = args as Arguments<"release">;
            handles.forEach((handle) => this.handles.delete(handle));
            // The keyrings that had one of them are gone there.
            this.#keyrings.clear();
            this.#losses++;
        } else if (name === "releaseKeyring") {
            const [id] = args as Arguments<"releaseKeyring">;
            this.#keyrings.delete(id);
            this.#losses++;
        }
    }
}

function isKeyring(value: unknown): value is KeyringRef {
    return typeof value === "object" && value !== null && "version" in value && "id" in value;
}
