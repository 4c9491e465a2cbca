package org.postseal.reader

import java.nio.file.Path
import kotlin.io.path.Path
import kotlin.io.path.extension
import kotlin.io.path.nameWithoutExtension
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.transform
import org.postseal.Attachment
import org.postseal.Draft
import org.postseal.MailClient
import org.postseal.Mailbox
import org.postseal.MailboxChange
import org.postseal.MessageSummary
import org.postseal.Opened
import org.postseal.PostsealException
import org.postseal.Verdict
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

    /**
     * Saves the attachments of a message, but for one that is suspicious. Their names are safe, but what is in them is the sender's affair,
     * so the verdict on that is shown first.
     */
    suspend fun save(number: Int, folder: Path): Unit = client.open(find(number).handle).use { opened ->
        show(opened.verdict)
        require(opened.verdict.level != VerdictLevel.SUSPICIOUS) { "nothing was saved" }
        opened.message.attachments.forEachIndexed { index, attachment ->
            val path = attachment.saveIn(folder, attachment.fileName ?: "attachment-${index + 1}")
            out.appendLine("$path  ${attachment.size} bytes")
        }
    }

    suspend fun send(to: String, subject: String, text: String) {
        val report = client.send(Draft(client.account.mailbox, listOf(Mailbox(to)), subject, text))
        require(report.isSentToAll) { "not sent to everybody: $report" }
        out.appendLine("sent")
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

    private fun show(verdict: Verdict) {
        out.appendLine("${mark(verdict.level)} ${verdict.level.name.lowercase()}")
        verdict.reasons.forEach { out.appendLine("  ${it.text}") }
    }

    private fun show(opened: Opened) = opened.use {
        val message = opened.message
        show(opened.verdict)
        out.appendLine("From: ${message.from.mailboxes.joinToString { it.name ?: it.address }}")
        out.appendLine("Subject: ${message.subject.orEmpty()}")
        out.appendLine().appendLine(printable(message.textBody?.text.orEmpty().trimEnd()))
        message.attachments.forEach { out.appendLine("[${it.fileName ?: it.mediaType}, ${it.size} bytes]") }
    }

    private fun mark(level: VerdictLevel) = when (level) {
        VerdictLevel.SUSPICIOUS -> "!!"
        VerdictLevel.PLAIN -> "--"
        VerdictLevel.AUTHENTIC, VerdictLevel.ENCRYPTED -> "+-"
        VerdictLevel.SEALED -> "++"
    }
}

/** Saves it under that name or, where that is taken, under the next one that is free: `notes (2).txt`. */
private suspend fun Attachment.saveIn(folder: Path, name: String): Path {
    val (stem, extension) = Path(name).run { nameWithoutExtension to extension.ifEmpty { null } }
    for (count in generateSequence(1) { it + 1 }) {
        val numbered = if (count == 1) name else listOfNotNull("$stem ($count)", extension).joinToString(".")
        try {
            return folder.resolve(numbered).also { save(it) }
        } catch (_: PostsealException.AlreadyExists) {
            // Another file of the message, or of an earlier one.
        }
    }
    error("there is always another number")
}

/** A text without control characters: on a terminal they could write a better verdict over the one above it. */
internal fun printable(text: String): String = text.filter { it == '\n' || it == '\t' || !it.isISOControl() }
