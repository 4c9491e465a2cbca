/** A thread as the pool holds it: in browsers and Deno a Worker, in Node one of its worker threads. */

import type { Answer, Order } from "./thread.js";

export interface Port {
    post(order: Order, transfer: Transferable[]): void;
    terminate(): void;
    /** Whether the process has to wait for the thread. */
    hold(held: boolean): void;
}

/** Starts a thread, which answers until it fails or is ended. */
export async function openPort(onAnswer: (answer: Answer) => void, onFailure: (why: string) => void): Promise<Port> {
    if (typeof Worker === "function") {
        // Written like this, bundlers find the file.
        const worker = new Worker(new URL("../worker/thread.js", import.meta.url), { type: "module" });
        worker.onmessage = (event: MessageEvent<Answer>) => onAnswer(event.data);
        worker.onerror = (event) => {
            event.preventDefault();
            onFailure(event.message || "its script can't be loaded");
        };
        return {
            post: (order, transfer) => worker.postMessage(order, transfer),
            terminate: () => worker.terminate(),
            hold: () => {},
        };
    }
    const threads = await import(/* @vite-ignore */ /* webpackIgnore: true */ "node:worker_threads");
    // Not written like that, lest they take it for a file of its own.
    const here = import.meta.url;
    const worker = new threads.Worker(new URL("../worker/thread.js", here));
    worker.on("message", onAnswer);
    worker.on("error", (error) => onFailure(String(error)));
    worker.unref();
    return {
        post: (order, transfer) => worker.postMessage(order, transfer as import("node:worker_threads").Transferable[]),
        terminate: () => void worker.terminate(),
        hold: (held) => (held ? worker.ref() : worker.unref()),
    };
}
