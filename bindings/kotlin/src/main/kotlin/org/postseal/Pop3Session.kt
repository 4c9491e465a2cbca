package org.postseal

import kotlin.time.Duration
import kotlin.time.toJavaDuration
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withContext
import org.postseal.ffi.Pop3Session as NativePop3Session
import org.postseal.ffi.Pop3Update as NativePop3Update
import org.postseal.ffi.SeenUids as NativeSeenUids

/** What a maildrop holds: how many messages, and their size together in octets. Those marked as deleted don't count. */
public typealias Maildrop = org.postseal.ffi.Maildrop

/** A message of a maildrop, as the server lists it. The number holds for one session only; the unique id is what an app may keep. */
public typealias Pop3Message = org.postseal.ffi.Pop3Message

/** One of many messages: its bytes, or why they are not had. */
public typealias Pop3Retrieved = org.postseal.ffi.Pop3Retrieved

/**
 * A POP3 session, logged in: it holds the maildrop, and keeps others out of it.
 *
 * **Deletions** are marks until [quit]: only that has the server remove the messages. Whatever else ends the session leaves every message
 * where it was.
 */
public class Pop3Session private constructor(native: NativePop3Session) : Session {
    private val handle = Handle(native)

    override val tls: TlsInfo? get() = handle.call { it.tls() }

    override val isClosed: Boolean get() = handle.callOr(true) { it.isClosed() }

    /** Whether the server announced the capability, such as `TOP`; `null` where it announced nothing at all. */
    public fun hasCapability(name: String): Boolean? = handle.call { it.hasCapability(name) }

    /** What the server announced behind the capability: `60` for `EXPIRE 60`; empty where there is nothing. */
    public fun capabilityArguments(name: String): String? = handle.call { it.capabilityArguments(name) }

    /** How many messages there are, and their size together. */
    public suspend fun stat(): Maildrop = handle.await { it.stat() }

    /**
     * The messages with their sizes and unique ids, in the order of their numbers. Those marked as deleted are left out.
     *
     * @throws PostsealException.LimitExceeded past 250,000 messages.
     */
    public suspend fun messages(): List<Pop3Message> = handle.await { it.messages() }

    /**
     * Retrieves a message in chunks, as the collector takes them; other calls wait meanwhile. To cancel the collection is to let go of the
     * rest: the session goes on where little of it is left, and is closed otherwise.
     *
     * @throws PostsealException.Refused where there is no such message.
     */
    @JvmOverloads
    public fun retrieve(number: Int, progress: ProgressListener? = null): Flow<ByteArray> = flow {
        handle.await { it.retrieve(number, progress?.native()) }.use { stream ->
            try {
                while (true) emit(awaited { stream.nextChunk() } ?: break)
            } finally {
                withContext(NonCancellable) { stream.stop() }
            }
        }
    }

    /** Retrieves messages one after the other, in their order, as the collector takes them: the fast way to many. */
    @JvmOverloads
    public fun retrieveAll(messages: List<Pop3Message>, progress: ProgressListener? = null): Flow<Pop3Retrieved> = flow {
        handle.await { it.retrieveAll(messages, progress?.native()) }.use { retrieval ->
            while (true) emit(awaited { retrieval.next() } ?: break)
        }
    }

    /**
     * Retrieves a whole message of at most 64 MiB. It stays in native memory until its parts are asked for.
     *
     * @throws PostsealException.Refused where there is no such message.
     * @throws PostsealException.LimitExceeded for a larger one.
     */
    @JvmOverloads
    public suspend fun message(number: Int, progress: ProgressListener? = null): Message =
        Message(handle.await { it.message(number, progress?.native()) })

    /**
     * The header of a message and the first lines of its body.
     *
     * @throws PostsealException.Unsupported where the server announces no TOP.
     */
    public suspend fun top(number: Int, lines: Int): ByteArray = handle.await { it.top(number, lines) }

    /**
     * Marks a message as deleted; [quit] has the server remove it.
     *
     * @throws PostsealException.Refused where there is no such message.
     */
    public suspend fun delete(number: Int): Unit = handle.await { it.delete(number) }

    /** Marks messages as deleted, in few round trips. Returns what went wrong with each, in their order; `null` where nothing did. */
    public suspend fun deleteAll(numbers: List<Int>): List<Failure?> = handle.await { it.deleteAll(numbers) }

    /** Takes the marks off all messages. */
    public suspend fun reset(): Unit = handle.await { it.reset() }

    override suspend fun noop(): Unit = handle.await { it.noop() }

    /** Ends the session, has the server remove the messages that were marked as deleted, and tells what became of them. */
    public suspend fun quit(): Pop3Update = handle.await { it.quit() }.face()

    override suspend fun disconnect(): Unit = handle.callOr(Unit) { it.close(cancel = null) }

    override fun close(): Unit = handle.close()

    public companion object {
        /**
         * Connects and logs in.
         *
         * @throws PostsealException [PostsealException.Network], [PostsealException.Timeout], [PostsealException.Tls] and
         *   [PostsealException.Certificate] where there is no connection; [PostsealException.LoginRefused], also where another
         *   session holds the maildrop.
         */
        @JvmStatic
        public suspend fun connect(connector: Connector, server: Server, credentials: Credentials): Pop3Session =
            Pop3Session(awaited { NativePop3Session.connect(connector.native, server, credentials.native) })
    }
}

/** What became of the deletions at the end of a session. */
public sealed class Pop3Update {
    /** The server removed all that were marked, [deleted] in number. */
    public data class Committed(val deleted: Long) : Pop3Update()

    /** The server says that it could not remove all of them; which ones, the next session shows. */
    public data class Failed(val refusal: Refusal) : Pop3Update()

    /** The answer was lost, [because] of something: the messages are there still, or they are not. The next session shows. */
    public data class Unknown(val because: Failure) : Pop3Update()
}

private fun NativePop3Update.face() = when (this) {
    is NativePop3Update.Committed -> Pop3Update.Committed(deleted)
    is NativePop3Update.Failed -> Pop3Update.Failed(refusal)
    is NativePop3Update.Unknown -> Pop3Update.Unknown(because)
}

/**
 * Which messages of a maildrop were fetched before, for those who leave them on the server. An app keeps one list for each maildrop.
 *
 * @param saved a list as it was saved by [save]; nothing at all is an empty list.
 * @throws PostsealException.InvalidInput names the line, where it is no such list.
 */
public class SeenUids
@Throws(PostsealException::class)
@JvmOverloads
constructor(saved: ByteArray = ByteArray(0)) {
    private val native = native { NativeSeenUids.load(saved.direct()) }

    /** How many messages are remembered. */
    public val count: Long get() = native.count()

    /** The list as lines of text, to be kept. */
    public fun save(): ByteArray = native.save()

    /** Those messages of a listing that were not seen yet. A message without a unique id can't be remembered: it is always new. */
    @Throws(PostsealException::class)
    public fun newMessages(listing: List<Pop3Message>): List<Pop3Message> = native { native.newMessages(listing) }

    /** Whether a message was marked before. */
    @Throws(PostsealException::class)
    public fun hasSeen(message: Pop3Message): Boolean = native { native.hasSeen(message) }

    /**
     * Marks a message as seen now; the time of an earlier mark stays. Returns whether it is remembered, as one without a unique id can't
     * be.
     */
    @Throws(PostsealException::class)
    public fun mark(message: Pop3Message): Boolean = native { native.mark(message) }

    /** Those messages of a listing that were first seen at least so long ago. */
    public fun toDelete(listing: List<Pop3Message>, keep: Duration): List<Pop3Message> =
        native { native.toDelete(listing, keep.toJavaDuration()) }

    /** Forgets the messages that are no longer in a listing, which must be a complete one: else they would be new again. */
    @Throws(PostsealException::class)
    public fun forgetGone(listing: List<Pop3Message>): Unit = native { native.forgetGone(listing) }
}
