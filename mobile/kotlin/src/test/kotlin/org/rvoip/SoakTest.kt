package org.rvoip

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.count
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Tag
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration

/** Many calls, one after the other: nothing stays behind. */
class SoakTest {
    private val statistics = Path.of("/proc/self/status")

    /** What this process holds, in kB. */
    private fun resident(): Long {
        if (!Files.exists(statistics)) return 0
        System.gc()
        val line = Files.readAllLines(statistics).first { it.startsWith("VmRSS:") }
        return line.filter { it.isDigit() }.toLong()
    }

    /** Calls so many times; gives the memory after each tenth. */
    private suspend fun soak(calls: Int): List<Long> {
        val memory = mutableListOf<Long>()
        val config = loopback(Ports(20_000u, 48_000u))
        // A transaction over UDP is kept for 64 T1: with the usual half a second more would be kept than may be.
        val timers = config.timers.copy(t1 = Duration.ofMillis(20), t4 = Duration.ofMillis(200))
        pair(config.copy(timers = timers)) { pair ->
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
                    if (number % (calls / 10) == 0) memory += resident()
                }
                answering.cancelAndJoin()
            }
            assertEquals(0, pair.alice.calls().size)
        }
        return memory
    }

    @Test
    fun `two hundred calls leave nothing behind`() = waiting(120) {
        val memory = soak(200)
        assertTrue(memory.last() - memory[4] < 20_000, "kB: $memory")
    }

    @Tag("bench")
    @Test
    fun `ten thousand calls leave nothing behind`() = waiting(1_800) {
        val started = System.nanoTime()
        val memory = soak(10_000)
        val seconds = (System.nanoTime() - started) / 1e9
        println("kotlin: 10,000 calls in %.0f s, %.0f a second; kB after each 1,000: $memory".format(seconds, 10_000 / seconds))
        // The machine's own memory goes up and down by a fifth between two looks; a leak of a call goes up alone.
        val (early, late) = memory.take(3).max() to memory.takeLast(3).min()
        assertTrue(late < early + early / 6, "kB: $memory")
    }

    @Tag("bench")
    @Test
    fun `events pass the boundary`() = waiting(120) {
        Client.open(loopback()).use { client ->
            // A new listener hears of each account first: so many events at once.
            val accounts = 500
            repeat(accounts) { client.addAccount(AccountConfig("sip:user$it@127.0.0.1")) }
            repeat(3) {
                val batched = rate(100) { client.listen().use { it.ready(); it.takeEvents().size } }
                val single = rate(100) { client.events().use { events -> events.take(accounts).count() } }
                println("kotlin: %.0f events a second in batches, %.0f one by one".format(batched, single))
            }
        }
    }

    /** What a block counts, a second. */
    private suspend fun rate(rounds: Int, block: suspend () -> Int): Double {
        val started = System.nanoTime()
        var counted = 0
        repeat(rounds) { counted += block() }
        return counted * 1e9 / (System.nanoTime() - started)
    }
}
