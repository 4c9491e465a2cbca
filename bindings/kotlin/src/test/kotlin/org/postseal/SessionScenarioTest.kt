package org.postseal

import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.TimeSource
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject

/** The scenarios about connections and sessions. */
class SessionScenarioTest {
    @Test
    fun connectRefused() = play("connect_refused") {
        val port = server.obey("free-port").int("port")
        for (connect in everyProtocol()) {
            expectError { connect(server.connector(), { it.copy(port = port) }, asAlice) }
        }
    }

    @Test
    fun wrongCertificate() = play("wrong_certificate") {
        val tls = TlsOptions(roots = listOf(server.otherCa), onlyGivenRoots = true)
        for (connect in everyProtocol()) {
            val error = assertIs<PostsealException.Certificate>(expectError { connect(Connector(tls), { it }, asAlice) })
            assertEquals(expect.text("reason"), error.fault.reason.name.lowercase().replace('_', '-'))
            assertEquals(expect.text("host"), error.fault.host)
            val keyHash = assertNotNull(error.fault.chain.first().keyHash)
            assertEquals(expect.int("key_hash_digits"), keyHash.length)
            val pinned = Connector(tls.copy(trustedKeys = listOf(HostKey(error.fault.host, keyHash))))
            connect(pinned, { it }, asAlice).close()
        }
    }

    @Test
    fun loginRefused() = play("login_refused") {
        val password = given.text("password")
        for (connect in everyProtocol()) {
            val error = expectError { connect(server.connector(), { it }, Credentials.password(alice, password)) }
            assertIs<PostsealException.LoginRefused>(error)
            assertFalse(password in error.toString())
        }
    }

    @Test
    fun sendWithOneBadRecipient() = play("send_with_one_bad_recipient") {
        smtp().use { session ->
            val receipt = session.send(Envelope(alice, given.texts("to")), message("to two"))
            assertEquals(expect.text("delivery"), receipt.delivery.javaClass.simpleName.lowercase())
            assertEquals(expect.flag("is_sent"), receipt.isSent)
            assertEquals(expect.flag("is_sent_to_all"), receipt.isSentToAll)
            val refused = receipt.recipients.filter { it.refusal != null }
            val expected = expect.getValue("refused").jsonArray.map { it.jsonObject }
            assertEquals(expected.map { it.text("address") }, refused.map { it.address })
            assertEquals(expected.map { it.int("smtp_code") }, refused.map { it.refusal?.smtpCode })
            assertEquals(expected.map { it.text("enhanced_code") }, refused.map { it.refusal?.enhancedCode })
        }
        assertEquals(expect.int("messages_of_bob"), server.messages(bob).size)
    }

    @Test
    fun lostReply() = play("lost_reply") {
        smtp().use { session ->
            val receipt = session.send(Envelope(alice, given.texts("to")), message("lost"))
            assertEquals(expect.text("delivery"), receipt.delivery.javaClass.simpleName.lowercase())
            assertEquals(expect.flag("is_sent"), receipt.isSent)
            assertEquals(expect.text("because"), assertIs<Delivery.Unknown>(receipt.delivery).because.code)
            assertEquals(expect.flag("is_closed"), session.isClosed)
        }
        assertEquals(expect.int("messages_of_bob"), server.messages(bob).size)
    }

    @Test
    fun idleWakes() = play("idle_wakes") {
        imap().use { session ->
            session.watch("INBOX").use { watch ->
                server.deliver(alice, given.text("message"))
                val exists = assertIs<Change.Exists>(watch.changes.first())
                assertEquals(expect.text("change"), exists.javaClass.simpleName.lowercase())
                assertEquals(expect.int("count").toLong(), exists.count)
            }
            session.noop()
        }
    }

    @Test
    fun cancelBeforeStart() = play("cancel_before_start", ofTokens) {
        imap().use { session ->
            val call = coroutineScope {
                launch {
                    coroutineContext.job.cancel()
                    assertFailsWith<CancellationException> { session.create(given.text("mailbox")) }
                }
            }
            assertTrue(call.isCancelled)
            assertEquals(expect.flag("session_usable"), !session.isClosed)
            session.noop()
            assertEquals(expect.int("heard"), server.heard(given.text("mailbox")))
        }
    }

    @Test
    fun cancelInTheMiddle() = play("cancel_in_the_middle", ofTokens) {
        val lines = given.text("message").lines()
        server.deliver(alice, lines.dropLast(1).joinToString("\n") + "\n" + (lines[lines.size - 2] + "\n").repeat(given.int("lines")))
        imap().use { session ->
            val uid = session.search("INBOX", Search.all()).single()
            val started = TimeSource.Monotonic.markNow()
            val after = given.int("after_millis").milliseconds
            assertFailsWith<TimeoutCancellationException> { withTimeout(after) { session.message("INBOX", uid) } }
            val call = coroutineScope { launch { session.message("INBOX", uid) }.also { delay(after); it.cancel() } }
            assertTrue(call.isCancelled)
            assertTrue(started.elapsedNow() < expect.int("ends_within_millis").milliseconds)
            assertEquals(expect.flag("session_usable"), !session.isClosed)
            server.obey("clear-faults")
            session.noop()
        }
    }

    @Test
    fun timeout() = play("timeout") {
        val connector = server.connector(progress = given.int("progress_millis").milliseconds)
        for (connect in everyProtocol()) {
            connect(connector, { it }, asAlice).use { session ->
                assertIs<PostsealException.Timeout>(expectError { session.noop() })
                assertEquals(expect.flag("is_closed"), session.isClosed)
            }
        }
    }

    @Test
    fun closeTwice() = play("close_twice") {
        for (connect in everyProtocol()) {
            val session = connect(server.connector(), { it }, asAlice)
            session.disconnect()
            coroutineScope { List(2) { async { session.disconnect() } }.awaitAll() }
            assertEquals(expect.flag("is_closed"), session.isClosed)
            repeat(2) { session.close() }
            assertEquals(expect.flag("is_closed"), session.isClosed)
            session.disconnect()
        }
    }

    @Test
    fun useAfterClose() = play("use_after_close") {
        for (connect in everyProtocol()) {
            val session = connect(server.connector(), { it }, asAlice)
            session.disconnect()
            assertIs<PostsealException.Closed>(expectError { session.noop() })
            session.close()
            assertIs<PostsealException.Closed>(expectError { session.noop() })
        }
    }

    @Test
    fun concurrentUseOfOneSession() = play("concurrent_use_of_one_session") {
        imap().use { session ->
            val answers = coroutineScope { List(given.int("calls")) { async { session.status("INBOX") } }.awaitAll() }
            assertEquals(setOf<Long?>(expect.int("messages").toLong()), answers.map { it.messages }.toSet())
        }
    }

    @Test
    fun tokenExpiredAndAskedAgain() = play("token_expired_and_asked_again") {
        val tokens = given.texts("tokens").iterator()
        val askedWith = mutableListOf<String?>()
        val provider = TokenProvider { refused ->
            askedWith += refused
            tokens.next()
        }
        imap(who = Credentials.tokenProvider(alice, provider)).use { it.noop() }
        assertEquals(expect.getValue("asked_with").jsonArray.map { it.textOrNull() }, askedWith)
    }

    @Test
    fun tokenProviderThrows() = play("token_provider_throws") {
        val provider = TokenProvider { throw IllegalStateException(given.text("text")) }
        val error = expectError { imap(who = Credentials.tokenProvider(alice, provider)) }
        assertEquals(expect.text("field"), assertIs<PostsealException.InvalidInput>(error).field)
        assertContains(error.message.orEmpty(), expect.text("detail_contains"))
    }

    /** A coroutine has no token, but is cancelled, which is no error with a code. */
    private val ofTokens = setOf("code", "retryable")
}
