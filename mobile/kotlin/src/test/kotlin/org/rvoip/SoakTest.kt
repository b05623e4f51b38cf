package org.rvoip

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.count
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Tag
import org.junit.jupiter.api.Test
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration

/** Many calls, one after the other: nothing stays behind. */
class SoakTest {
    /** What is held when nothing lives, in kB: objects of the virtual machine, and all that the process has from the system. */
    private class Held(val objects: Long, val resident: Long?) {
        override fun toString() = "$objects/${resident ?: "?"}"
    }

    private fun held(): Held {
        System.gc()
        val machine = Runtime.getRuntime()
        val objects = (machine.totalMemory() - machine.freeMemory()) / 1024
        val status = Path.of("/proc/self/status")
        val resident = if (Files.exists(status)) Files.readAllLines(status).first { it.startsWith("VmRSS:") } else null
        return Held(objects, resident?.filter { it.isDigit() }?.toLong())
    }

    /** Calls wave by wave; gives what is held after each, when both clients are at rest. */
    private suspend fun soak(waves: Int, calls: Int): List<Held> {
        val held = mutableListOf<Held>()
        val config = loopback(Ports(20_000u, 48_000u))
        // What waits for retransmissions waits for 64 T1; it would only be idle.
        val timers = config.timers.copy(t1 = Duration.ofMillis(20), t4 = Duration.ofMillis(200))
        pair(config.copy(timers = timers)) { pair ->
            coroutineScope {
                val answering = launch(start = CoroutineStart.UNDISPATCHED) {
                    pair.bob.events().collect { event ->
                        if (event is Event.IncomingCall) launch { pair.bob.call(event.call).use { it.answer() } }
                    }
                }
                repeat(waves) {
                    coroutineScope { repeat(AT_A_TIME) { launch { repeat(calls / AT_A_TIME) { call(pair) } } } }
                    withTimeout(30_000) {
                        while (pair.alice.live() + pair.bob.live() > 0u) delay(20)
                    }
                    held += held()
                }
                answering.cancelAndJoin()
            }
        }
        return held
    }

    /** A call with a key, with listeners, with what is withdrawn, and with what is forgotten. */
    private suspend fun call(pair: Pair) = pair.caller.call(pair.to).use { call ->
        coroutineScope {
            val ended = launch(start = CoroutineStart.UNDISPATCHED) {
                call.events().use { events -> events.first { it is Event.CallStateChanged && it.state == CallState.ENDED } }
            }
            val collecting = launch(start = CoroutineStart.UNDISPATCHED) { call.collectDigits(1u, Duration.ofMinutes(1)) }
            call.answered()
            call.mute(true)
            call.sendDtmf("1")
            collecting.cancelAndJoin()
            call.hangUp()
            ended.join()
        }
    }

    /** By how much the median of the last three lies above that of the three after the first, which fills what is used again. */
    private fun growth(figures: List<Long>) = figures.takeLast(3).sorted()[1] - figures.subList(1, 4).sorted()[1]

    @Test
    fun `two hundred calls leave nothing behind`() = waiting(120) {
        val held = soak(waves = 10, calls = 20)
        val objects = growth(held.map { it.objects })
        assertTrue(objects < 1_000, "grown by $objects kB; kB of objects/of the process: $held")
    }

    /** The heap has one size from the beginning there, and its pages are touched: the process grows by native memory alone. */
    @Tag("bench")
    @Test
    fun `ten thousand calls leave nothing behind`() = waiting(1_800) {
        val started = System.nanoTime()
        val held = soak(waves = 10, calls = 1_000)
        val seconds = (System.nanoTime() - started) / 1e9
        val objects = growth(held.map { it.objects })
        val resident = growth(held.mapNotNull { it.resident })
        println("kotlin: 10,000 calls in %.0f s, %.0f a second, 0 live".format(seconds, 10_000 / seconds))
        println("kotlin: objects grew by $objects kB (at most $OBJECTS), the process by $resident kB (at most $PROCESS): $held")
        assertTrue(objects <= OBJECTS, "kB of objects/of the process: $held")
        assertTrue(resident <= PROCESS, "kB of objects/of the process: $held")
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

    private companion object {
        /** A call takes as long as its key is pressed. */
        const val AT_A_TIME = 20

        /** A hundred and fifty bytes a call. */
        const val OBJECTS = 1_024L

        /** Code that the machine compiles meanwhile is in it. */
        const val PROCESS = 4_096L
    }
}
