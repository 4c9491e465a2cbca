package org.postseal

import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withTimeoutOrNull
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
 * An object of the native library that is closed by hand. It is freed once it was closed and no call uses it any more: the generated code
 * would hand over, as an argument, what is freed already.
 *
 * [stop] is what has to be said to it when it is closed, where it would go on by itself as long as somebody waits for it.
 */
internal class Handle<N : AutoCloseable>(private val native: N, private val stop: (suspend (N) -> Unit)? = null) : AutoCloseable {
    /** Is complete once it was closed. */
    private val gone = Job()

    /** The calls under way, and one for not being closed yet. */
    private val uses = AtomicInteger(1)

    /** Whether it was closed. */
    val isGone: Boolean get() = gone.isCompleted

    /** Calls it, or something with it; [PostsealException.Closed] where it was closed. */
    inline fun <T> call(call: (N) -> T): T {
        val used = take()
        try {
            return native { call(used) }
        } finally {
            giveBack()
        }
    }

    /** The same for a call that suspends. */
    suspend inline fun <T> await(call: (N) -> T): T {
        currentCoroutineContext().ensureActive()
        return call(call)
    }

    /** The same, and [end] where it was closed, also while the call was under way. */
    inline fun <T> callOr(end: T, call: (N) -> T): T =
        try {
            call(call)
        } catch (error: PostsealException.Closed) {
            if (isGone) end else throw error
        }

    /** Waits for so long, or until it is closed. */
    suspend fun pause(length: Duration) {
        withTimeoutOrNull(length) { gone.join() }
    }

    /** Keeps it from being freed until it is given back. */
    fun take(): N {
        if (isGone || uses.getAndUpdate { if (it == 0) 0 else it + 1 } == 0) throw PostsealException.closedHere()
        return native
    }

    fun giveBack() {
        if (uses.decrementAndGet() == 0) native.close()
    }

    /** Lets it go. A call that is under way is carried to its end. */
    override fun close() {
        if (!gone.complete()) return
        if (stop == null) return giveBack()
        background.launch {
            try {
                stop(native)
            } finally {
                giveBack()
            }
        }
    }
}

/** Calls something with all of these. */
internal inline fun <N : AutoCloseable, T> List<Handle<N>>.callWith(call: (List<N>) -> T): T {
    val taken = ArrayList<Handle<N>>(size)
    try {
        return call(map { handle -> handle.take().also { taken += handle } })
    } finally {
        taken.forEach { it.giveBack() }
    }
}

/**
 * Takes what comes, one after the other, by [next], whose `null` is the end. A wait may be given up at any moment: what it would have got
 * is for the next one who asks, since the call goes on by itself.
 */
internal class Pull<N : AutoCloseable, T : Any>(private val handle: Handle<N>, private val next: suspend (N) -> T?) {
    private val turn = Mutex()
    private var underWay: Deferred<T?>? = null

    suspend fun next(): T? = turn.withLock {
        val pulled = underWay ?: background.async { handle.callOr(null) { next(it) } }.also { underWay = it }
        // Whoever is cancelled while they wait leaves here, and leaves it where it is.
        pulled.join()
        underWay = null
        pulled.await()
    }
}
