package org.postseal

import java.io.File
import java.nio.file.Path
import kotlin.io.path.copyTo
import kotlin.io.path.createDirectories
import kotlin.io.path.fileSize
import kotlin.io.path.name
import kotlin.io.path.readText
import kotlin.io.path.walk
import kotlin.io.path.writeText
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** What the jar is made of. */
class PackageTest {
    /** A stand-in for cargo puts what the tests were built with where cargo would, and says what it was asked for. */
    @Test
    fun theLibraryInTheJarIsTheOneToBeShipped(@TempDir folder: Path) {
        val (library, generator) = listOf("POSTSEAL_LIBRARY", "POSTSEAL_BINDGEN").map { variable ->
            Path.of(checkNotNull(System.getenv(variable)) { "$variable has to name what was built; cargo xtask bindings kotlin does that" })
        }
        val built = folder.resolve("dist").createDirectories()
        library.copyTo(built.resolve(library.name))
        generator.copyTo(built.resolve("postseal-bindgen")).toFile().setExecutable(true)
        val asked = folder.resolve("asked")
        val cargo = folder.resolve("bin").createDirectories().resolve("cargo")
        cargo.writeText("#!/bin/sh\necho \"\$CARGO_PROFILE_DIST_STRIP $*\" >$asked\n")
        cargo.toFile().setExecutable(true)

        val (sources, resources) = listOf("sources", "resources").map(folder::resolve)
        val script = ProcessBuilder("sh", "scripts/native", "$sources", "$resources").inheritIO()
        script.environment() += mapOf("CARGO_TARGET_DIR" to "$folder", "PATH" to "${cargo.parent}:${System.getenv("PATH")}")
        script.environment() -= listOf("POSTSEAL_LIBRARY", "POSTSEAL_BINDGEN", "POSTSEAL_PROFILE")
        assertEquals(0, script.start().waitFor())

        assertContains(asked.readText(), "--profile dist ")
        assertTrue(asked.readText().startsWith("false "), "the generator finds nothing in a library that is stripped")
        assertEquals("postseal_ffi.kt", sources.walk().single().name)
        val packed = resources.walk().single()
        assertEquals(library.name, packed.name)
        assertTrue(packed.fileSize() < library.fileSize(), "it is stripped")
    }

    @Test
    fun theLicencesAreThoseOfAllThatIsInIt() {
        val named = Regex("<license><name>(.*?)</name>").findAll(File("pom.xml").readText()).map { it.groupValues[1] }.toList()
        assertEquals(listOf("MIT", "Apache-2.0", "LGPL-2.0-or-later"), named)
        for (text in listOf("LICENSE-MIT", "LICENSE-APACHE")) {
            assertNotNull(PostsealException::class.java.getResource("/META-INF/$text"), text)
        }
        assertContains(File("README.md").readText(), "LGPL-2.0-or-later")
    }
}
