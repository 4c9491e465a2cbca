package readme

import kotlinx.coroutines.flow.filterIsInstance
import org.postseal.*

suspend fun watchForMail(client: MailClient, show: suspend (String) -> Unit) = client.watch().use { watch ->
    watch.changes.filterIsInstance<MailboxChange.Arrived>().collect { arrived ->
        for (summary in arrived.messages) {
            client.open(summary.handle).use { show("${it.verdict.level}: ${it.message.subject}") }
        }
    }
}
