package org.postseal

/**
 * What every session has in common.
 *
 * A session may be used by any number of coroutines and threads at once. A cancelled call leaves it usable, or closed; what the call had
 * begun on the connection is carried to its end behind the scenes.
 */
public sealed interface Session : AutoCloseable {
    /** What the TLS handshake agreed on. */
    public val tls: TlsInfo?

    /** Whether the session has ended, or was told to. */
    public val isClosed: Boolean

    /** Asks the server for a sign of life. */
    public suspend fun noop()

    /**
     * Takes leave after what was begun, and waits until the session has ended, which is never long. May be called more than once.
     *
     * A coroutine that is cancelled only gives up the wait.
     */
    public suspend fun disconnect()

    /** Lets the session go: it takes leave after what was begun, in the background. May be called more than once. */
    override fun close()
}
