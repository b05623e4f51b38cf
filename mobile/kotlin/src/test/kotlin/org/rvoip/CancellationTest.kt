package org.rvoip

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

class CancellationTest {
    @Test
    fun `a cancelled wait for digits gives way to another`() = waiting {
        pair { pair ->
            val (outgoing, incoming) = pair.connect()
            coroutineScope {
                val first = launch(start = CoroutineStart.UNDISPATCHED) { incoming.collectDigits(4, 60.seconds) }
                val busy = runCatching { incoming.collectDigits(1, 60.seconds) }.exceptionOrNull()
                assertTrue(busy is RvoipException.Busy, "$busy")
                first.cancelAndJoin()
                assertTrue(first.isCancelled)
            }
            outgoing.sendDtmf("7")
            assertEquals("7", incoming.collectDigits(1, 10.seconds))
        }
    }

    @Test
    fun `a timeout ends a wait in the manner of coroutines`() = waiting {
        pair { pair ->
            val (_, incoming) = pair.connect()
            val error = runCatching { withTimeout(50.milliseconds) { incoming.ended() } }.exceptionOrNull()
            assertTrue(error is TimeoutCancellationException, "$error")
            assertTrue(error is CancellationException)
        }
    }

    @Test
    fun `a cancelled collector loses no event`() = waiting(60) {
        pair { pair ->
            val (outgoing, incoming) = pair.connect()
            val events = incoming.events()
            val seen = java.util.concurrent.ConcurrentLinkedQueue<Event>()
            val texts = (1..60).map { "text $it" }
            coroutineScope {
                for (text in texts) {
                    val collector = launch(Dispatchers.Default) { events.collect { seen.add(it) } }
                    outgoing.message(text)
                    collector.cancelAndJoin()
                }
            }
            seen.addAll(events.take())
            assertEquals(texts, seen.filterIsInstance<Event.MessageReceived>().map { it.text })
        }
    }

    @Test
    fun `what a collector left is there for the next`() = waiting {
        pair { pair ->
            val (outgoing, incoming) = pair.connect()
            incoming.events().use { events ->
                events.first { it is Event.CallStateChanged && it.state == CallState.CONNECTED }
                listOf("a", "b", "c").forEach { outgoing.message(it) }
                val first = events.first { it is Event.MessageReceived } as Event.MessageReceived
                assertEquals("a", first.text)
                val rest = generateSequence { Unit }.take(20).toList().let {
                    val found = mutableListOf<String>()
                    while (found.size < 2) (events.next() as? Event.MessageReceived)?.let { found += it.text }
                    found
                }
                assertEquals(listOf("b", "c"), rest)
            }
        }
    }

    @Test
    fun `cancelling a call under way lets it be hung up`() = waiting {
        pair { pair ->
            val outgoing = pair.caller.call(pair.to)
            val incoming = pair.bob.incoming()
            coroutineScope {
                val waiting = launch(start = CoroutineStart.UNDISPATCHED) { outgoing.answered() }
                waiting.cancelAndJoin()
            }
            outgoing.hangUp()
            assertEquals(Cause.Cancelled, incoming.ended())
            assertEquals(2, pair.alice.events().take(2).toList().size)
        }
    }

    @Test
    fun `a verb of a coroutine that is cancelled already is not begun`() = waiting {
        pair { pair ->
            coroutineScope {
                val late = launch(start = CoroutineStart.UNDISPATCHED) {
                    coroutineContext.cancel()
                    pair.caller.call(pair.to)
                }
                late.join()
                assertTrue(late.isCancelled)
            }
            assertEquals(emptyList<CallInfo>(), pair.alice.calls())
            // The next one is the first that bob hears of.
            val outgoing = pair.caller.call(pair.to)
            val incoming = pair.bob.incoming()
            assertEquals(1, pair.bob.calls().size)
            outgoing.hangUp()
            assertEquals(Cause.Cancelled, incoming.ended())
        }
    }
}
