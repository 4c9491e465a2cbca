package org.postseal

import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineExceptionHandler
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.supervisorScope
import kotlinx.coroutines.withTimeout

/** What becomes of things that are closed, and of calls that are given up. */
class LifetimeTest {
    /** A `CancellationException` is an `IllegalStateException`, too. */
    @Test
    fun aCancelledCallIsNoFailureWhereItsSessionIsClosedAsWell() = playPart("cancel_in_the_middle") {
        val lines = "a line of a long message\n".repeat(given.int("lines"))
        server.deliver(alice, "Subject: long\n\n$lines")
        val session = imap()
        val uid = session.search("INBOX", Search.all()).single()
        val failures = ConcurrentLinkedQueue<Throwable>()
        supervisorScope {
            val call = launch(CoroutineExceptionHandler { _, failure -> failures += failure }) { session.message("INBOX", uid) }
            delay(given.int("after_millis").milliseconds)
            call.cancel()
            session.close()
            call.join()
            assertTrue(call.isCancelled)
        }
        assertEquals(emptyList(), failures.toList())
    }

    @Test
    fun whatIsClosedSaysSo(): Unit = runBlocking {
        val message = Message.parse(message("short"))
        val attachment = Attachment("A file.".toByteArray(), "a.txt")
        val key = SecretKey.generate(KeyProfile.MODERN, alice).key
        val unlocked = key.unlockUnprotected()
        val encryptor = Encryptor(PgpRecipients(passphrases = listOf("a passphrase")))
        val keyring = Keyring().apply { add(key) }
        val copy = seal(Draft(alice, listOf(alice)), keyring).copies.single()
        val recipients = PgpRecipients(listOf(key.certificate), signer = unlocked)
        val all = listOf(message, attachment, key, unlocked, encryptor, copy)
        all.forEach { it.close() }
        all.forEach { it.close() }
        for (call in listOf<suspend () -> Any?>(
            { message.subject },
            { attachment.data() },
            { key.fingerprint },
            { unlocked.lock("a passphrase") },
            { encryptor.write(ByteArray(1)) },
            { copy.envelope },
            // To pass it on is to use it, too.
            { open(message, keyring) },
            { seal(Draft(alice, listOf(alice), attachments = listOf(attachment)), keyring) },
            { Draft(alice, listOf(alice), inline = listOf(attachment)).checked() },
            { keyring.add(key) },
            { keyring.add(unlocked) },
            { OpenPgp.signDetached(ByteArray(1), unlocked) },
            { OpenPgp.encrypt(ByteArray(1), recipients) },
        )) {
            assertEquals("closed", assertFailsWith<PostsealException.Closed> { call() }.code)
        }
        all.minus(encryptor).forEach { assertEquals("${it.javaClass.simpleName}(closed)", it.toString()) }
    }

    @Test
    fun toCloseWhatWasOpenedOrSealedIsToCloseWhatIsInIt(): Unit = runBlocking {
        val keyring = Keyring().apply { add(SecretKey.generate(KeyProfile.MODERN, alice).key) }
        val sealed = seal(Draft(alice, listOf(alice)), keyring)
        val opened = open(Message.parse(sealed.copies.single().data()), keyring)
        sealed.close()
        assertFailsWith<PostsealException.Closed> { sealed.copies.single().size }
        assertFailsWith<PostsealException.Closed> { sealed.ownCopy!!.size }
        opened.close()
        assertFailsWith<PostsealException.Closed> { opened.message.size }
    }

    @Test
    fun whatIsClosedDuringACallIsFreedAfterIt(): Unit = runBlocking {
        var isFreed = false
        val handle = Handle(AutoCloseable { isFreed = true })
        val end = CompletableDeferred<Unit>()
        val call = async(start = CoroutineStart.UNDISPATCHED) { handle.await { end.await() } }
        handle.close()
        assertFailsWith<PostsealException.Closed> { handle.call { } }
        assertFailsWith<PostsealException.Closed> { listOf(Handle(AutoCloseable { }), handle).callWith { } }
        assertFalse(isFreed)
        end.complete(Unit)
        call.await()
        assertTrue(isFreed)
    }

    @Test
    fun whoPausesIsToldOfTheEnd(): Unit = runBlocking {
        val handle = Handle(AutoCloseable { })
        val pause = launch(start = CoroutineStart.UNDISPATCHED) { handle.pause(1.hours) }
        handle.close()
        withTimeout(60.seconds) { pause.join() }
    }

    @Test
    fun aCancelledCoroutineStillTakesLeave() = playPart("cancel_before_start") {
        for (connect in everyProtocol()) {
            val session = connect(server.connector(), { it }, asAlice)
            val leaving = launch {
                coroutineContext.job.cancel()
                session.disconnect()
            }
            leaving.join()
            assertTrue(leaving.isCancelled)
            while (!session.isClosed || server.openConnections() > 0) delay(10.milliseconds)
        }
    }

    @Test
    fun whatWasPulledForOneWhoLeftIsForTheNext(): Unit = runBlocking {
        val (news, after) = List(2) { CompletableDeferred<String>() }
        val sources = listOf(news, after).iterator()
        val pull = Pull(Handle(AutoCloseable { })) { sources.next().await() }
        launch(start = CoroutineStart.UNDISPATCHED) { pull.next() }.cancelAndJoin()
        news.complete("news")
        assertEquals("news", pull.next())
        after.completeExceptionally(PostsealException.closedHere())
        assertFailsWith<PostsealException.Closed> { pull.next() }
    }

    @Test
    fun whatChangesWhileACollectorLeavesIsToldToTheNext() = playPart("idle_wakes") {
        client(alice, asAlice, Keyring()).use { client ->
            client.watch().use { watch ->
                val left = launch(start = CoroutineStart.UNDISPATCHED) { watch.changes.collect { error("it has left") } }
                server.deliver(alice, given.text("message"))
                left.cancelAndJoin()
                val arrived = assertIs<MailboxChange.Arrived>(watch.changes.first())
                assertEquals("wake up", arrived.messages.single().subject)
            }
        }
    }

    private val alice = Mailbox("alice@example.test")
}
