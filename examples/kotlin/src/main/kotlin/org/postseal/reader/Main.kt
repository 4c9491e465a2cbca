package org.postseal.reader

import java.nio.file.Path
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking
import org.postseal.PostsealException

private const val HELP = """Reads mail, sealed or not.

Usage: reader ACCOUNT list
       reader ACCOUNT read NUMBER
       reader ACCOUNT save NUMBER FOLDER
       reader ACCOUNT send ADDRESS SUBJECT      (the text comes from standard input)
       reader ACCOUNT watch

ACCOUNT is a file with the account's settings. The password and the passphrase of the secret key are asked for, or taken
from MAIL_PASSWORD and MAIL_PASSPHRASE.
"""

fun main(arguments: Array<String>) {
    exitProcess(run(arguments.asList(), fromEnvironmentOrPerson, System.out))
}

/** Runs the program, and returns its exit code: 0 where all went well, 1 where something failed, 2 for arguments that say nothing. */
fun run(arguments: List<String>, secrets: Secrets, out: Appendable): Int = runBlocking {
    val command = parse(arguments)
    if (command == null) {
        out.append(HELP)
        return@runBlocking 2
    }
    try {
        Settings(Path.of(arguments.first())).client(secrets).use { client ->
            Reader(client, out).command()
            client.disconnect()
        }
        0
    } catch (failure: PostsealException) {
        out.appendLine("${failure.code}: ${failure.message}")
        1
    } catch (failure: IllegalArgumentException) {
        out.appendLine(failure.message)
        1
    }
}

/** What to do, where the arguments say it. */
private fun parse(arguments: List<String>): (suspend Reader.() -> Unit)? {
    val words = arguments.drop(1)
    val number = words.getOrNull(1)?.toIntOrNull()
    return when {
        words == listOf("list") -> ({ list() })
        words == listOf("watch") -> ({ watch() })
        words.firstOrNull() == "read" && words.size == 2 && number != null -> ({ read(number) })
        words.firstOrNull() == "save" && words.size == 3 && number != null -> ({ save(number, Path.of(words[2])) })
        words.firstOrNull() == "send" && words.size == 3 -> ({ send(words[1], words[2], System.`in`.readAllBytes().decodeToString()) })
        else -> null
    }
}

private val fromEnvironmentOrPerson = Secrets { variable, prompt ->
    System.getenv(variable)
        ?: System.console()?.readPassword("%s", prompt)?.concatToString()
        ?: throw IllegalArgumentException("there is no terminal to ask at, and $variable is not set")
}
