package org.postseal

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.fold
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assumptions.assumeTrue

/** The main job against Dovecot and Postfix. */
class LiveTest {
    @Test
    fun aSealedMailGoesRound(): Unit = live { server ->
        val (alice, bob) = listOf(0, 1).map(server::address)
        val keys = Keyring().apply {
            listOf(alice, bob).forEach { add(SecretKey.generate(KeyProfile.MODERN, Mailbox(it)).key) }
        }
        val bobs = client(server, 1, keys)
        val watch = bobs.watch()
        client(server, 0, keys).use { alices ->
            val report = alices.send(Draft(Mailbox(alice), listOf(Mailbox(bob)), "Live", "Through real servers.\n"))
            assertTrue(report.isSentToAll)
            alices.disconnect()
        }
        val arrived = watch.use { assertIs<MailboxChange.Arrived>(it.changes.first()).messages.single() }
        val opened = bobs.open(arrived.handle)
        assertEquals(VerdictLevel.SEALED, opened.verdict.level)
        assertEquals("Live", opened.message.subject)
        assertEquals(1, server.messages(bob).size)

        bobs.markRead(arrived.handle)
        assertEquals(true, bobs.page().messages.single().isRead)
        assertIs<Deleted>(bobs.delete(arrived.handle))
        bobs.disconnect()
        bobs.close()
    }

    @Test
    fun everyProtocolIsSpoken(): Unit = live { server ->
        val user = 2
        val (address, who) = server.address(user) to server.credentials(user)
        SmtpSession.connect(server.connector(), server.server("smtp", Security.START_TLS), who).use { smtp ->
            assertTrue(smtp.send(Envelope(address, listOf(address)), message("one")).isSentToAll)
            smtp.disconnect()
        }
        ImapSession.connect(server.connector(), server.server("imap", Security.START_TLS), who).use { imap ->
            while (imap.status("INBOX").messages != 1L) delay(100.milliseconds)
            val selected = imap.select("INBOX")
            val fetched = imap.fetch("INBOX", selected.all, FetchItems(flags = true, whole = true)).toList().single()
            assertTrue("Hello." in fetched.whole!!.decodeToString())
            imap.store("INBOX", UidSet.of(fetched.uid), FlagChange.add(Flag.FLAGGED))
            assertEquals(listOf(fetched.uid), imap.search("INBOX", Search.with(Flag.FLAGGED) and !Search.with(Flag.DELETED)))
            imap.disconnect()
        }
        Pop3Session.connect(server.connector(), server.server("pop3", Security.START_TLS), who).use { pop3 ->
            val listed = pop3.messages().single()
            val length = pop3.retrieve(listed.number).fold(0L) { sum, chunk -> sum + chunk.size }
            assertEquals(pop3.message(listed.number).size, length)
            pop3.delete(listed.number)
            assertEquals(Pop3Update.Committed(1), pop3.quit())
        }
        val wrong = Credentials.password(address, "not-the-password")
        assertFailsWith<PostsealException.LoginRefused> { ImapSession.connect(server.connector(), server.imap, wrong) }
    }

    private fun client(server: TestServer, user: Int, keys: Keyring): MailClient {
        val who = server.credentials(user)
        val account = Account(Mailbox(server.address(user)), Login(server.smtp, who), Login(server.imap, who))
        return MailClient(server.connector(), account, keys)
    }

    /** Where the servers are not installed there is nothing to test; with CI=true they have to be. */
    private fun live(test: suspend (TestServer) -> Unit) {
        val server = runCatching { TestServer.startLive() }
        assumeTrue(server.isSuccess || System.getenv("CI") == "true") { "no Dovecot and Postfix: ${server.exceptionOrNull()?.message}" }
        server.getOrThrow().use { runBlocking { withTimeout(120.seconds) { test(it) } } }
    }
}
