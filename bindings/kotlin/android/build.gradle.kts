// The AAR of Postseal: the Kotlin sources of ../src/main, and the library for the four ABIs that scripts/native makes.
//
//     ANDROID_NDK_HOME=… gradle assembleRelease

plugins {
    id("com.android.library") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.4.21"
    `maven-publish`
}

group = "org.postseal"
version = "0.1.0-SNAPSHOT"

android {
    namespace = "org.postseal"
    compileSdk = 36

    defaultConfig {
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    sourceSets["main"].apply {
        kotlin.srcDirs("../src/main/kotlin", "build/generated/kotlin")
        jniLibs.srcDir("build/jniLibs")
    }

    publishing {
        singleVariant("release") { withSourcesJar() }
    }
}

kotlin {
    jvmToolchain(17)
}

// The component in Kotlin has to be of the version that the library was built with, so it is read from Cargo.lock.
val verifierVersion = providers.fileContents(layout.projectDirectory.file("../../../Cargo.lock")).asText.map { lock ->
    Regex("""name = "rustls-platform-verifier-android"\nversion = "([^"]+)"""").find(lock)?.groupValues?.get(1)
        ?: error("rustls-platform-verifier-android is not in Cargo.lock")
}

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.11.0")
    // The @aar has the library of JNA itself for each ABI; since 5.17 with pages of 16 KB.
    implementation("net.java.dev.jna:jna:5.19.1@aar")
    implementation("androidx.annotation:annotation:1.9.1")
    implementation(verifierVersion.map { "rustls:rustls-platform-verifier:$it" })
}

val native by tasks.registering(Exec::class) {
    description = "Builds the library for the four ABIs, and the generated bindings."
    commandLine("sh", "scripts/native")
}

tasks.named("preBuild") { dependsOn(native) }

publishing {
    publications.register<MavenPublication>("release") {
        artifactId = "postseal-android"
        afterEvaluate { from(components["release"]) }
    }
}
