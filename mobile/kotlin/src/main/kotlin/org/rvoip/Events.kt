package org.rvoip

import kotlinx.coroutines.ExperimentalForInheritanceCoroutinesApi
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.FlowCollector
import java.util.concurrent.ConcurrentLinkedQueue

/**
 * The events of a client, an account or a call as a [Flow], beginning with what stands now.
 *
 * It listens from the moment it is made. What one collector did not take is there for the next; two that collect at once
 * share the events between them. The flow completes when no event will come any more. [close] stops listening.
 */
@OptIn(ExperimentalForInheritanceCoroutinesApi::class)
public class Events internal constructor(private val stream: EventStream) : Flow<Event>, AutoCloseable {
    private val taken = ConcurrentLinkedQueue<Event>()

    override suspend fun collect(collector: FlowCollector<Event>) {
        while (true) {
            val event = taken.poll() ?: if (refill()) continue else return
            collector.emit(event)
        }
    }

    /** Waits for the next event; null when none will come any more. Giving up the wait loses none. */
    public suspend fun next(): Event? {
        while (true) {
            taken.poll()?.let { return it }
            if (!refill()) return null
        }
    }

    /** Takes the events that are there, without waiting. */
    public fun take(): List<Event> {
        val first = generateSequence { taken.poll() }.toList()
        return first + stream.takeEvents()
    }

    /** Waits for events and takes them; false if none will come any more. */
    private suspend fun refill(): Boolean {
        val more = stream.ready()
        // Nothing suspends between taking and keeping: a collector that is cancelled here loses nothing.
        taken.addAll(stream.takeEvents())
        return more
    }

    override fun close() {
        stream.close()
    }
}

/** Listens to everything of this client. */
public fun Client.events(): Events = Events(listen())

/** Listens to this account: its registration, its incoming calls and messages. */
public fun Account.events(): Events = Events(listen())

/** Listens to this call. Its end is followed by its last figures, and then nothing more comes until the client closes. */
public fun Call.events(): Events = Events(listen())

/** The call that this event is about, if it is about one. */
public val Event.callKey: CallKey? get() = callKeyOf(this)

/** The account that this event is about, if it is about one. */
public val Event.accountKey: AccountKey? get() = accountKeyOf(this)
