package org.postseal.reader

import java.nio.file.Path
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.transform
import org.postseal.Draft
import org.postseal.MailClient
import org.postseal.Mailbox
import org.postseal.MailboxChange
import org.postseal.MessageSummary
import org.postseal.Opened
import org.postseal.VerdictLevel

/** What the program does with a mailbox; each command prints what it finds. */
class Reader(private val client: MailClient, private val out: Appendable) {
    /** The newest messages. They are numbered from the newest on, for the other commands. */
    suspend fun list() {
        newest().forEachIndexed { index, summary ->
            val mark = if (summary.isRead == false) "*" else " "
            out.appendLine("${index + 1}$mark ${summary.date?.time ?: "undated"}  ${summary.from}  ${summary.subject.orEmpty()}")
        }
    }

    suspend fun read(number: Int) {
        val summary = find(number)
        show(client.open(summary.handle))
        client.markRead(summary.handle)
    }

    /** Saves the attachments of a message; their names are safe, but what is in them is the sender's affair. */
    suspend fun save(number: Int, folder: Path) {
        client.open(find(number).handle).message.use { message ->
            message.attachments.forEachIndexed { index, attachment ->
                val path = folder.resolve(attachment.fileName ?: "attachment-${index + 1}")
                attachment.save(path)
                out.appendLine("$path  ${attachment.size} bytes")
            }
        }
    }

    suspend fun send(to: String, subject: String, text: String) {
        val report = client.send(Draft(client.account.mailbox, listOf(Mailbox(to)), subject, text))
        out.appendLine(if (report.isSentToAll) "sent" else "not sent to everybody: $report")
    }

    /** Shows what arrives, until the program is ended or, in tests, `most` messages have come. */
    suspend fun watch(most: Int = Int.MAX_VALUE) {
        client.watch().use { watch ->
            out.appendLine("watching")
            watch.changes
                .filterIsInstance<MailboxChange.Arrived>()
                .transform { change -> change.messages.forEach { emit(it) } }
                .take(most)
                .collect { show(client.open(it.handle)) }
        }
    }

    private suspend fun newest(): List<MessageSummary> = client.page(count = 20).messages

    private suspend fun find(number: Int): MessageSummary =
        requireNotNull(newest().getOrNull(number - 1)) { "there is no message $number" }

    private fun show(opened: Opened) = opened.message.use { message ->
        val verdict = opened.verdict
        out.appendLine("${mark(verdict.level)} ${verdict.level.name.lowercase()}")
        verdict.reasons.forEach { out.appendLine("  ${it.text}") }
        out.appendLine("From: ${message.from.mailboxes.joinToString { it.name ?: it.address }}")
        out.appendLine("Subject: ${message.subject.orEmpty()}")
        out.appendLine().appendLine(message.textBody?.text.orEmpty().trimEnd())
        message.attachments.forEach { out.appendLine("[${it.fileName ?: it.mediaType}, ${it.size} bytes]") }
    }

    private fun mark(level: VerdictLevel) = when (level) {
        VerdictLevel.SUSPICIOUS -> "!!"
        VerdictLevel.PLAIN -> "--"
        VerdictLevel.AUTHENTIC, VerdictLevel.ENCRYPTED -> "+-"
        VerdictLevel.SEALED -> "++"
    }
}
