package org.postseal

import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionStage
import java.util.function.Consumer
import java.util.function.Function
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.future.await
import kotlinx.coroutines.future.future
import kotlinx.coroutines.runBlocking

/**
 * The library as a whole, and the way into it from Java: what suspends in Kotlin is a future or a blocking call there.
 *
 * ```java
 * SmtpSession session = Postseal.blocking(c -> SmtpSession.connect(connector, server, credentials, c));
 * CompletableFuture<Receipt> receipt = Postseal.future(c -> session.send(envelope, message, c));
 * ```
 */
public object Postseal {
    /** The version of the library, such as `0.1.0`. */
    @JvmStatic
    public val version: String get() = org.postseal.ffi.version()

    /** Every code that a [PostsealException] can have. */
    @JvmStatic
    public val errorCodes: List<String> get() = org.postseal.ffi.errorCodes()

    /** How many calls of progress listeners and log sinks have thrown; each was passed over. */
    @JvmStatic
    public val failedCallbacks: Long get() = org.postseal.ffi.failedCallbacks()

    /** For Java: runs [call] in the background. To cancel the future is to give up the call. */
    @JvmStatic
    public fun <T> future(call: suspend () -> T): CompletableFuture<T> = background.future { call() }

    /** For Java: runs [call] and waits for it. An interrupt of the thread is an end of the wait, and gives up the call. */
    @JvmStatic
    @Throws(PostsealException::class, InterruptedException::class)
    public fun <T> blocking(call: suspend () -> T): T = runBlocking { call() }

    /** For Java: hands each element of [flow] to [each], one after the other. To cancel the future is to give up the flow. */
    @JvmStatic
    public fun <T> forEach(flow: Flow<T>, each: Consumer<in T>): CompletableFuture<Unit> =
        background.future { flow.collect { each.accept(it) } }

    /** For Java: a [TokenProvider] that answers with futures. */
    @JvmStatic
    public fun tokenProvider(answer: Function<String?, out CompletionStage<String>>): TokenProvider =
        TokenProvider { refused -> answer.apply(refused).await() }
}
