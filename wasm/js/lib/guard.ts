import { errorOf, isFailure, isTrap, trapped } from "./errors.js";

/** Does something with a module: what it throws becomes an error, and after a trap `reset` makes it anew. */
export function guard<T>(act: () => T, reset: () => void): T {
    try {
        return act();
    } catch (error) {
        throw explained(error, reset);
    }
}

/** The same with something that may take its time. */
export async function guardAll<T>(act: () => T | Promise<T>, reset: () => void): Promise<T> {
    try {
        return await act();
    } catch (error) {
        throw explained(error, reset);
    }
}

/** Does something with what is in the module, and frees it. After a trap it is gone with all else, and can't be freed. */
export function using<T extends { free(): void }, R>(held: T, act: (held: T) => R): R {
    let result: R;
    try {
        result = act(held);
    } catch (error) {
        if (!isTrap(error)) {
            held.free();
        }
        throw error;
    }
    held.free();
    return result;
}

function explained(error: unknown, reset: () => void): unknown {
    if (isFailure(error)) {
        return errorOf(error);
    }
    if (isTrap(error)) {
        reset();
        return trapped(error);
    }
    return error;
}
