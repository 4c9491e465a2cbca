package org.postseal

import java.io.File
import java.nio.file.Path
import kotlin.io.path.readBytes
import kotlin.io.path.writeText
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.io.TempDir

// The README shows the function below, to the letter.
suspend fun sendFirstSealedMail(connector: Connector, smtp: Server, login: Credentials, folder: Path): SendReport {
    val keyring = Keyring()
    keyring.add(SecretKey.import(folder.resolve("alice-secret.asc").readBytes()))
    keyring.unlock(keyring.lockedKeys.single().fingerprint, "correct horse battery")
    keyring.add(Certificate.import(folder.resolve("bob.asc").readBytes()))
    val alice = Mailbox("alice@example.test", "Alice")
    val account = Account(alice, submission = Login(smtp, login))
    val draft = Draft(alice, to = listOf(Mailbox("bob@example.test")), subject = "First", text = "Sealed, and sent.")
    return MailClient(connector, account, keyring).use { it.send(draft) }
}
// The README's function ends here.

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
    fun itIsTheCodeOfTheReadme() {
        val own = File("src/test/kotlin/org/postseal/ReadmeTest.kt").readText()
        val function = own.substringAfter("to the letter.\n").substringBefore("// The README's function")
        assertTrue("```kotlin\n$function```\n" in File("README.md").readText())
    }
}
