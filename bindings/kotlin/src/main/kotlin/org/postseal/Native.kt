package org.postseal

import java.util.concurrent.atomic.AtomicBoolean
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.launch
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

/** What goes on when nobody waits for it. */
internal val background: CoroutineScope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

/**
 * A session or a watch of the native library, until it is let go of; [stop] is what has to be said to it then, where it would go on by
 * itself as long as somebody waits for it.
 */
internal class Handle<N : AutoCloseable>(val native: N, private val stop: (suspend (N) -> Unit)? = null) : AutoCloseable {
    val isGone = AtomicBoolean()

    /** Calls it; [PostsealException.Closed] where it was let go of, also while the call began. */
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

    /** Pulls the next of many; `null` is the end, also where it was let go of. */
    suspend inline fun <T> pull(call: (N) -> T?): T? =
        try {
            await(call)
        } catch (error: PostsealException.Closed) {
            if (isGone.get()) null else throw error
        }

    /** Lets it go. A call that is under way is carried to its end. */
    override fun close() {
        if (isGone.getAndSet(true)) return
        if (stop == null) native.close() else background.launch { native.use { stop(it) } }
    }
}
