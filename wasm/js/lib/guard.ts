import { errorOf, isFailure, trapped } from "./errors.js";

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

function explained(error: unknown, reset: () => void): unknown {
    if (isFailure(error)) {
        return errorOf(error);
    }
    // A trap, or a stack that is at its end.
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
        reset();
        return trapped(error);
    }
    return error;
}
