package org.rvoip

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import java.io.File
import java.nio.file.Path
import java.util.concurrent.TimeUnit

/** Kamailio, and a baresip that is registered there as bob, answers, and says a speech. */
class Testbed private constructor(private val process: Process) : AutoCloseable {
    private val lines = process.inputReader()
    private val told: JsonObject = JsonParser.parseString(lines.readLine() ?: error("the test bed says nothing")).asJsonObject

    val domain: String = told["domain"].asString
    val password: String = told["password"].asString
    val authority: String = told["ca"].asString

    /** What we say. */
    val speech: Path = Path.of(told["speech"].asString)

    /** What baresip says, in another voice. */
    val theirSpeech: Path get() = Path.of(told["baresip"].asJsonObject["speech"].asString)

    fun proxy(transport: String): String = told["uris"].asJsonObject[transport].asString

    /** What baresip heard; complete when its call is over. */
    fun recording(): Path {
        val folder = File(told["baresip"].asJsonObject["recordings"].asString)
        val heard = folder.listFiles { file -> file.name.endsWith("-dec.wav") }?.toList().orEmpty()
        return heard.single().toPath()
    }

    /** Ends baresip without a word to anybody. */
    fun vanish() {
        process.outputWriter().apply { write("vanish\n") }.flush()
        check(lines.readLine().contains("vanished")) { "baresip did not vanish" }
    }

    override fun close() {
        process.outputStream.close()
        check(process.waitFor(20, TimeUnit.SECONDS)) { "the test bed does not end" }
    }

    companion object {
        private val program: String = System.getProperty("rvoip.testbed").orEmpty()

        fun start(vararg options: String): Testbed {
            assumeTrue(program.isNotEmpty(), "no program starts real peers: -Drvoip.testbed=PATH")
            return Testbed(launch("kamailio", *options))
        }

        /** A recording holds the first seconds of what one side said, and nothing of what the other said. */
        fun assertHeard(said: Path, unsaid: Path, recording: Path, seconds: Int) {
            val (heard, other) = listOf(said, unsaid).map { compare(it, recording, seconds) }
            assertTrue(heard["heard"].asBoolean, "$recording does not hold $said: $heard")
            assertTrue(other["unheard"].asBoolean, "$recording holds $unsaid: $other")
        }

        private fun compare(sent: Path, received: Path, seconds: Int): JsonObject {
            val comparing = launch("compare", "$sent", "$received", "--seconds", "$seconds")
            return JsonParser.parseString(comparing.inputReader().readLine()).asJsonObject
        }

        private fun launch(vararg words: String): Process =
            ProcessBuilder(program, *words).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    }
}
