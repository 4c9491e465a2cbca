package org.postseal

import java.io.File
import java.nio.file.Path
import kotlin.io.path.deleteExisting
import kotlin.random.Random
import kotlin.test.BeforeTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.io.TempDir

/** What is closed leaves nothing behind. */
class LeakTest {
    @BeforeTest
    fun thisSystemTells() = assumeTrue(File("/proc/self").exists()) { "this system does not tell what a process holds" }

    /** 2,000 sessions are opened, used and closed. */
    @Test
    fun memoryAndDescriptorsStayFlat(): Unit = runBlocking {
        TestServer.start().use { server ->
            withTimeout(5.minutes) {
                // The first ones fill caches, pools and the heap.
                repeat(WARM_UP) { use(server) }
                val (descriptors, kilobytes) = settled(server)
                repeat(SESSIONS - WARM_UP) { use(server) }
                val (descriptorsNow, kilobytesNow) = settled(server)
                assertEquals(descriptors, descriptorsNow)
                assertTrue(kilobytesNow < kilobytes + ROOM, "$kilobytes KB have become $kilobytesNow KB")
            }
        }
    }

    /** 30 messages of 8 MB are sealed, opened and closed. Nothing makes the garbage collector run, so nothing may wait for it. */
    @Test
    fun messagesThatAreClosedAreFreedAtOnce(@TempDir folder: Path): Unit = runBlocking {
        val alice = Mailbox("alice@example.test")
        val keyring = Keyring().apply { add(SecretKey.generate(KeyProfile.MODERN, alice).key) }
        Attachment(Random(1).nextBytes(8_000_000), "noise.bin").use { noise ->
            val draft = Draft(alice, listOf(alice), attachments = listOf(noise))
            val sealAndOpen: suspend (Int) -> Unit = { count ->
                val file = folder.resolve("$count.eml")
                seal(draft, keyring).use { it.copies.single().save(file) }
                Message.read(file).use { message -> open(message, keyring).use { assertTrue(it.message.size > 8_000_000) } }
                file.deleteExisting()
            }
            repeat(WARM_UP_MESSAGES) { sealAndOpen(it) }
            val kilobytes = resident()
            repeat(MESSAGES - WARM_UP_MESSAGES) { sealAndOpen(it) }
            val kilobytesNow = resident()
            assertTrue(kilobytesNow < kilobytes + ROOM_OF_MESSAGES, "$kilobytes KB have become $kilobytesNow KB")
        }
    }

    /** One session of each protocol in turn; half of them are let go of without a farewell. */
    private suspend fun use(server: TestServer) {
        val (connector, who) = connector(server) to server.credentials(TestServer.ALICE)
        val session = when (count % 3) {
            0 -> SmtpSession.connect(connector, server.smtp, who)
            1 -> ImapSession.connect(connector, server.imap, who)
            else -> {
                // A maildrop is for one at a time, and some of those before left without a word.
                while (server.openConnections() > 0) delay(1)
                Pop3Session.connect(connector, server.pop3, who)
            }
        }
        session.use {
            it.noop()
            if (count % 2 == 0) it.disconnect()
        }
        count++
    }

    private var count = 0
    private var kept: Connector? = null

    private fun connector(server: TestServer): Connector = kept ?: server.connector().also { kept = it }

    /** The descriptors and the resident memory of this process, once the server has seen every session end. */
    private suspend fun settled(server: TestServer): Pair<Int, Long> {
        while (server.openConnections() > 0) delay(50)
        System.gc()
        delay(1.seconds)
        val descriptors = File("/proc/self/fd").list().orEmpty().size
        return descriptors to resident()
    }

    /** The resident memory of this process, in KB. */
    private fun resident(): Long =
        File("/proc/self/status").readLines().first { it.startsWith("VmRSS:") }.filter(Char::isDigit).toLong()

    private companion object {
        const val SESSIONS = 2_000
        const val WARM_UP = 500
        const val MESSAGES = 30
        const val WARM_UP_MESSAGES = 5

        /** What the resident memory may move by, in KB: 1,500 sessions that leak 8 KB each would take 12,000. */
        const val ROOM = 10_000L

        /** The same for messages: 25 that leak 8 MB each would take 200,000. */
        const val ROOM_OF_MESSAGES = 100_000L
    }
}
