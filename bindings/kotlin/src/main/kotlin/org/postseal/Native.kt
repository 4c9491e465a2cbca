package org.postseal

import java.util.concurrent.atomic.AtomicBoolean
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import org.postseal.ffi.PostsealException as NativeException

/** Calls the native library, and has its errors thrown as ours. */
internal inline fun <T> native(call: () -> T): T =
    try {
        call()
    } catch (error: NativeException) {
        throw error.face()
    }

/** The same for a call that suspends. A coroutine that is cancelled already begins none: the generated code would begin it. */
internal suspend inline fun <T> awaited(call: () -> T): T {
    currentCoroutineContext().ensureActive()
    return native(call)
}

/** A session of the native library, until it is let go of. */
internal class Handle<N : AutoCloseable>(val native: N) : AutoCloseable {
    val isGone = AtomicBoolean()

    /** Calls the session; [PostsealException.Closed] where it was let go of, also while the call began. */
    inline fun <T> call(call: (N) -> T): T {
        if (isGone.get()) throw PostsealException.closedHere()
        return try {
            native { call(native) }
        } catch (error: IllegalStateException) {
            if (isGone.get()) throw PostsealException.closedHere()
            throw error
        }
    }

    /** The same for a call that suspends. */
    suspend inline fun <T> await(call: (N) -> T): T {
        currentCoroutineContext().ensureActive()
        return call(call)
    }

    /** Lets the session go. A call that is under way is carried to its end. */
    override fun close() {
        if (!isGone.getAndSet(true)) native.close()
    }
}
