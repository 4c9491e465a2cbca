package org.postseal

import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import org.postseal.ffi.MailWatch as NativeMailWatch
import org.postseal.ffi.MailboxChange as NativeMailboxChange
import org.postseal.ffi.Watch as NativeWatch

/** A mailbox that is being watched by an [ImapSession]; [close] ends the watch, and the session goes on. */
public class Watch internal constructor(native: NativeWatch) : AutoCloseable {
    private val handle = Handle(native) { it.stop() }
    private val pull = Pull(handle) { it.next() }

    /**
     * What changes, until the watch is closed. One collects at a time; what comes while nobody does adds up, and is told once. To cancel a
     * collector loses nothing: what it was not given is for the next one.
     *
     * It throws what ended the watch: the failure of the session, or [PostsealException.UidValidityChanged] or [PostsealException.NotFound]
     * where the mailbox was rebuilt or removed.
     */
    public val changes: Flow<Change> = flow {
        while (true) emit((pull.next() ?: break).face())
    }

    /** Ends the watch, and with it [changes]. May be called more than once. */
    override fun close(): Unit = handle.close()
}

/** A mailbox that is being watched for mail by a [MailClient], on a session of its own; [close] ends both. */
public class MailWatch internal constructor(native: NativeMailWatch) : AutoCloseable {
    private val handle = Handle(native) { it.close(cancel = null) }
    private val pull = Pull(handle) { it.next() }

    /**
     * What changes, until the watch is closed. One collects at a time; what comes while nobody does adds up. To cancel a collector loses
     * nothing: what it was not given is for the next one.
     *
     * A connection that is lost is made anew, however long that takes, and what came meanwhile is told. It throws what does not pass.
     */
    public val changes: Flow<MailboxChange> = flow {
        while (true) emit((next() ?: break).face())
    }

    /** The next change. After a failure that may pass, the watch connects again by itself: a little later each time. */
    private suspend fun next(): NativeMailboxChange? {
        var pause = 1.seconds
        while (true) {
            try {
                return pull.next()
            } catch (failure: PostsealException) {
                if (!failure.isRetryable) throw failure
            }
            handle.pause(pause)
            pause = minOf(pause * 2, 1.minutes)
        }
    }

    /** Ends the watch, with it [changes], and its session, which takes leave in the background. May be called more than once. */
    override fun close(): Unit = handle.close()
}
