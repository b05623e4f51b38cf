package org.rvoip

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Tag
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path

/** Many calls, one after the other: nothing stays behind. */
class SoakTest {
    private val statistics = Path.of("/proc/self/status")

    /** What this process holds, in kB. */
    private fun resident(): Long {
        if (!Files.exists(statistics)) return 0
        System.gc()
        System.gc()
        val line = Files.readAllLines(statistics).first { it.startsWith("VmRSS:") }
        return line.filter { it.isDigit() }.toLong()
    }

    /** Calls so many times; gives the memory after the first part and after all. */
    private suspend fun soak(calls: Int, first: Int): kotlin.Pair<Long, Long> {
        var (before, after) = 0L to 0L
        pair(loopback(Ports(20_000u, 48_000u))) { pair ->
            coroutineScope {
                val answering = launch(start = CoroutineStart.UNDISPATCHED) {
                    pair.bob.events().collect { event ->
                        if (event is Event.IncomingCall) pair.bob.call(event.call).use { it.answer() }
                    }
                }
                for (number in 1..calls) {
                    pair.caller.call(pair.to).use { call ->
                        call.answered()
                        call.hangUp()
                    }
                    if (number == first) before = resident()
                }
                answering.cancelAndJoin()
            }
            after = resident()
            assertEquals(0, pair.alice.calls().size)
        }
        return before to after
    }

    @Test
    fun `two hundred calls leave nothing behind`() = waiting(120) {
        val (before, after) = soak(200, 100)
        assertTrue(after - before < 20_000, "$before kB became $after kB")
    }

    @Tag("bench")
    @Test
    fun `ten thousand calls leave nothing behind`() = waiting(1_800) {
        val started = System.nanoTime()
        val (before, after) = soak(10_000, 1_000)
        val seconds = (System.nanoTime() - started) / 1e9
        println("kotlin: 10,000 calls in %.0f s, %.1f a second".format(seconds, 10_000 / seconds))
        println("kotlin: $before kB after 1,000 calls, $after kB after 10,000")
        assertTrue(after - before < before / 10, "$before kB became $after kB")
    }

    @Tag("bench")
    @Test
    fun `events pass the boundary`() = waiting(120) {
        pair { pair ->
            val rounds = 20_000
            repeat(2) { round ->
                var events = 0
                val started = System.nanoTime()
                for (number in 1..rounds) {
                    val stream = pair.alice.listen()
                    stream.ready()
                    events += stream.takeEvents().size
                    stream.close()
                }
                val seconds = (System.nanoTime() - started) / 1e9
                if (round == 1) println("kotlin: %.0f listeners a second, each ready, emptied and closed".format(rounds / seconds))
                assertTrue(events > 0)
            }
            val stream = pair.alice.listen()
            var taken = 0
            val started = System.nanoTime()
            repeat(200) {
                val text = "x".repeat(32)
                repeat(5) { pair.called.message("sip:alice@${pair.alice.address()}", text) }
                taken += stream.takeEvents().size
            }
            val seconds = (System.nanoTime() - started) / 1e9
            println("kotlin: %.0f texts a second over loopback, each an event here (%d events)".format(1_000 / seconds, taken))
        }
    }
}
