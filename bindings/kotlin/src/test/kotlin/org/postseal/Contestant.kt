package org.postseal

import java.nio.file.Path
import kotlin.io.path.Path
import kotlin.io.path.readBytes
import kotlin.io.path.readText
import kotlin.system.exitProcess
import kotlin.time.DurationUnit
import kotlin.time.measureTime
import kotlinx.coroutines.runBlocking

/**
 * Kotlin's contestant of the benchmark: it does what `send-file-ours` does there, and prints what it did and how long that took by its own
 * clock. What a JVM does once for a process, loading and compiling, is done by sending a small letter before the clock starts.
 */
fun main(arguments: Array<String>) {
    if (arguments.size != 7 || arguments.first() != "send-file") {
        System.err.println("usage: contestant send-file PORT ROOT USER PASSWORD KEY FILE")
        exitProcess(2)
    }
    val (port, root, user, password) = arguments.drop(1)
    val (key, file) = arguments.drop(5).map(::Path)
    runBlocking {
        val sender = FileSender(Server("localhost", port.toInt(), Security.TLS), Path(root), Credentials.password(user, password), key)
        repeat(3) { check(sender.send(emptyList())) }
        var sent = false
        val taken = measureTime { sent = sender.send(listOf(Attachment.read(file))) }
        println("messages: ${if (sent) 1 else 0}")
        println("seconds: ${taken.toDouble(DurationUnit.SECONDS)}")
    }
}

/** Seals letters of one user's to themselves, and sends each on a session of its own. */
private class FileSender(private val server: Server, root: Path, private val who: Credentials, key: Path) {
    private val connector = Connector(TlsOptions(roots = listOf(root.readText()), onlyGivenRoots = true))
    private val keyring = Keyring().apply { add(SecretKey.import(key.readBytes())) }

    suspend fun send(attachments: List<Attachment>): Boolean {
        val own = Mailbox(who.user)
        val draft = Draft(own, listOf(own), "A large file", "See.", attachments = attachments)
        return SmtpSession.connect(connector, server, who).use { session ->
            session.send(seal(draft, keyring).copies.single()).isSentToAll.also { session.disconnect() }
        }
    }
}
