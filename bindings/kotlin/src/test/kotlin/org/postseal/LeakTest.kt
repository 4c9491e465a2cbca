package org.postseal

import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assumptions.assumeTrue

/** Sessions leave nothing behind: 2,000 are opened, used and closed. */
class LeakTest {
    @Test
    fun memoryAndDescriptorsStayFlat(): Unit = runBlocking {
        assumeTrue(File("/proc/self").exists()) { "this system does not tell what a process holds" }
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

    /** One session of each protocol in turn; half of them are let go of without a farewell. */
    private suspend fun use(server: TestServer) {
        val (connector, who) = connector(server) to server.credentials(TestServer.ALICE)
        val session = when (count % 3) {
            0 -> SmtpSession.connect(connector, server.smtp, who)
            1 -> ImapSession.connect(connector, server.imap, who)
            else -> Pop3Session.connect(connector, server.pop3, who)
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
        val resident = File("/proc/self/status").readLines().first { it.startsWith("VmRSS:") }
        return descriptors to resident.filter(Char::isDigit).toLong()
    }

    private companion object {
        const val SESSIONS = 2_000
        const val WARM_UP = 500

        /** What the heap may move by, in KB: 1,500 sessions that leak 32 KB each would take 48,000. */
        const val ROOM = 40_000L
    }
}
