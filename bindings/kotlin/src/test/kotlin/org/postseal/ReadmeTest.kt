package org.postseal

import java.io.File
import java.nio.file.Path
import kotlin.io.path.writeText
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.io.TempDir
import readme.sendFirstSealedMail
import readme.watchForMail

/** What the README promises. */
class ReadmeTest {
    @Test
    fun theFirstSealedMailIsSent(@TempDir folder: Path): Unit = runBlocking {
        TestServer.start().use { server ->
            withTimeout(60.seconds) {
                val alice = SecretKey.generate(KeyProfile.COMPATIBLE, Mailbox("alice@example.test", "Alice"), "correct horse battery").key
                val bob = SecretKey.generate(KeyProfile.MODERN, Mailbox("bob@example.test")).key
                folder.resolve("alice-secret.asc").writeText(alice.exportArmored())
                folder.resolve("bob.asc").writeText(bob.certificate.exportArmored())

                val report = sendFirstSealedMail(server.connector(), server.smtp, server.credentials(TestServer.ALICE), folder)
                assertTrue(report.isSentToAll)

                val keys = Keyring().apply { add(alice.certificate); add(bob) }
                val opened = open(Message.parse(server.messages("bob@example.test").single()), keys)
                assertEquals(VerdictLevel.SEALED, opened.verdict.level)
                assertEquals("First", opened.message.subject)
            }
        }
    }

    @Test
    fun whatArrivesIsShown() = playPart("idle_wakes") {
        client(alice, asAlice, Keyring()).use { client ->
            val shown = CompletableDeferred<String>()
            val watching = launch { watchForMail(client) { shown.complete(it) } }
            // Only what comes after the watch has begun is told.
            while (!shown.isCompleted) {
                server.deliver(alice, given.text("message"))
                delay(100.milliseconds)
            }
            assertEquals("PLAIN: wake up", shown.await())
            watching.cancelAndJoin()
        }
    }

    /** All but Android's is built here, with its imports. */
    @Test
    fun itsCodeIsBuilt() {
        val built = File("src/test").walk().filter { it.parentFile.name == "readme" }.map { it.readLines().drop(2).joinToString("\n") }
        val shown = Regex("```(?:kotlin|java)\n(.*?)\n```", RegexOption.DOT_MATCHES_ALL).findAll(File("README.md").readText())
        assertEquals(built.toSet(), shown.map { it.groupValues[1] }.filter { "PostsealAndroid" !in it }.toSet())
    }
}
